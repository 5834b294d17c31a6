// Proof that generators of other people take docs/openapi.json, and that what they make of it compiles: `bun run test:real`.
import { afterAll, expect, setDefaultTimeout } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { testUnless } from "../support/unless.ts";
import { GENERATOR_VERSIONS, generators } from "./generators.ts";

setDefaultTimeout(60_000);

const ROOT = join(import.meta.dir, "..", "..");
const DOCUMENT = join(ROOT, "docs", "openapi.json");
const found = generators();
const real = testUnless("reason" in found ? found.reason : undefined);
const modules = "modules" in found ? found.modules : "";
const directory = mkdtempSync(join(tmpdir(), "cv-gen-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function run(...command: readonly string[]): void {
  const { exitCode, stdout, stderr } = Bun.spawnSync([...command], { cwd: directory });
  expect(exitCode, `${stdout}${stderr}`).toBe(0);
}

/** What the compiler of this project says of a file that uses what was generated; empty where it is content. */
function compiled(file: string): string {
  symlinkSync(join(ROOT, "node_modules"), join(directory, "node_modules"));
  try {
    const tsc = join(ROOT, "node_modules", ".bin", "tsc");
    const flags = "--noEmit --strict --skipLibCheck --module preserve --target esnext --lib esnext,dom".split(
      " ",
    );
    const { stdout } = Bun.spawnSync([tsc, ...flags, "--types", "node", file], { cwd: directory });
    return stdout.toString();
  } finally {
    rmSync(join(directory, "node_modules"));
  }
}

const USE = (types: string) => `${types}
export const record = (session: Session): string | null => session.worktree?.branch ?? null;
export const state = (session: Session): "working" | "waiting" | "done" | "unknown" | undefined => session.attention?.state;
// @ts-expect-error: no such status
export const paused = (session: Session): boolean => session.status === "paused";
export const code: NotFound["error"]["code"] = "session_not_found";
// @ts-expect-error: another code
export const other: NotFound["error"]["code"] = "not_found";
`;

real(`openapi-typescript ${GENERATOR_VERSIONS["openapi-typescript"]} takes it, and its types compile`, () => {
  const cli = join(modules, "openapi-typescript", "bin", "cli.js");
  run(process.execPath, cli, DOCUMENT, "-o", join(directory, "types.ts"));
  const types = `import type { components, operations } from "./types";
type Session = components["schemas"]["Session"];
type NotFound = components["schemas"]["SessionNotFoundError"];
type Launched = operations["launch"]["responses"][201]["content"]["application/json"];
export const id = (launched: Launched): string => launched.id;`;
  writeFileSync(join(directory, "use.ts"), USE(types));
  expect(compiled("use.ts")).toBe("");
});

real(
  `@hey-api/openapi-ts ${GENERATOR_VERSIONS["@hey-api/openapi-ts"]} takes it, and its client compiles`,
  () => {
    const cli = join(modules, "@hey-api", "openapi-ts", "bin", "run.js");
    run(process.execPath, cli, "-i", DOCUMENT, "-o", join(directory, "client"));
    const sdk = readFileSync(join(directory, "client", "sdk.gen.ts"), "utf8");
    const document: { paths: Record<string, Record<string, { operationId: string }>> } = JSON.parse(
      readFileSync(DOCUMENT, "utf8"),
    );
    for (const path of Object.values(document.paths)) {
      for (const { operationId } of Object.values(path)) {
        // One is a word of the language.
        expect(sdk).toMatch(new RegExp(`export const ${operationId}_? =`));
      }
    }
    const types = `import type { Session, SessionNotFoundError as NotFound } from "./client";
import { launch } from "./client";
export const made = () => launch({ body: { projectRoot: "/", harness: "demo", prompt: "hello" } });`;
    writeFileSync(join(directory, "use2.ts"), USE(types));
    expect(compiled("use2.ts")).toBe("");
  },
);
