// The lines of docs/API-CONTRACT.md that ask the daemon by curl: what each asks for, and the status it promises.
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** One line, as it is typed. */
export interface CurlLine {
  readonly line: string;
  readonly method: string;
  /** As it is typed, with `$ID` in it; without the query. */
  readonly path: string;
  /** What stands behind `#`; undefined where nothing is promised. */
  readonly status: number | undefined;
}

/** Every line of the page that begins with curl, and the assignments (`ID=…`) that stand before them. */
export function curlLines(): {
  readonly asks: readonly CurlLine[];
  readonly sets: readonly string[];
  readonly page: string;
} {
  const page = readFileSync(join(import.meta.dir, "..", "..", "docs", "API-CONTRACT.md"), "utf8");
  const asks = Array.from(page.matchAll(/^curl .*$/gm), ([line]) => {
    const path = /http:\/\/coven(\/[^\s'"?]*)/.exec(line)?.[1] ?? "";
    const method = /-X (\w+)/.exec(line)?.[1] ?? (/ -d /.test(line) ? "POST" : "GET");
    const status = / {2}# (\d{3})\b/.exec(line)?.[1];
    return { line, method, path, status: status === undefined ? undefined : Number(status) };
  });
  return { page, asks, sets: page.match(/^[A-Z]+=\$\(.*\)$/gm) ?? [] };
}
