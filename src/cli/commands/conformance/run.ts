// `coven conformance`: holds a daemon to the contract, and prints what differs.
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { covenClient } from "../../../api/client.ts";
import { isCovenError } from "../../../errors.ts";
import { covenPaths } from "../../../paths.ts";
import { flagValue, has, type Run } from "../../framework/command.ts";
import { print, printJson } from "../../ui/out.ts";
import { harmless } from "../../ui/text.ts";
import { type Bench, Differs, member, Skipped } from "./bench.ts";
import { CHECKS, type Check } from "./checks.ts";

/** What came of one check. */
interface Result {
  readonly name: string;
  readonly result: "ok" | "differs" | "skipped";
  /** What differs, or why it was skipped. */
  readonly detail: string | null;
}

/** `coven conformance [--socket PATH]`. */
export const run: Run = async (invocation) => {
  const given = flagValue(invocation, "socket");
  const socket = given === undefined ? covenPaths().socket : resolve(given);
  const client = covenClient(socket);
  // Nobody there is no difference: it is said as any command says it.
  const health = await client.health();
  const project = realpathSync(mkdtempSync(join(tmpdir(), "coven-conformance-")));
  const bench: Bench = { socket, client, project, capabilities: {}, made: [] };
  const sections = new Map<string, Result[]>();
  const quiet = has(invocation, "json");
  try {
    for (const check of CHECKS) {
      const result = await looked(check, bench);
      const before = sections.get(check.section);
      if (!before && !quiet) await print(check.section);
      sections.set(check.section, [...(before ?? []), result]);
      if (!quiet) await print(`  ${lineOf(result)}`);
    }
  } finally {
    await tidy(bench);
  }
  const results = Array.from(sections.values()).flat();
  const of = (result: Result["result"]) => results.filter((one) => one.result === result).length;
  const ok = of("differs") === 0;
  if (quiet) {
    const named = Array.from(sections, ([name, checks]) => ({ name, checks }));
    const daemon = { version: String(health.covenVersion), pid: member(health.daemon, "pid") ?? null };
    await printJson({ ok, socket, daemon, sections: named });
  } else {
    await print(`${of("ok")} as the contract says, ${of("differs")} not, ${of("skipped")} skipped`);
  }
  return ok ? 0 : 1;
};

async function looked({ name, needs, run: check }: Check, bench: Bench): Promise<Result> {
  if (needs !== undefined && !bench.capabilities[needs]) {
    return { name, result: "skipped", detail: `the daemon does not announce ${needs}` };
  }
  try {
    await check(bench);
    return { name, result: "ok", detail: null };
  } catch (error) {
    if (error instanceof Skipped) return { name, result: "skipped", detail: error.message };
    // What can't be asked is not as the contract says either.
    const detail = error instanceof Error ? error.message : String(error);
    return {
      name,
      result: "differs",
      detail: error instanceof Differs ? detail : `it can't be asked: ${detail}`,
    };
  }
}

function lineOf({ name, result, detail }: Result): string {
  if (result === "ok") return `ok       ${name}`;
  return `${result.padEnd(8)} ${name}: ${harmless(detail ?? "")}`;
}

/** Ends and deletes what was started and is still there. */
async function tidy({ client, made, project }: Bench): Promise<void> {
  for (const id of made) {
    await client.kill(id).catch(() => {});
    const deadline = performance.now() + 5_000;
    while (performance.now() < deadline) {
      const gone = await client.sacrifice(id).then(
        () => true,
        (error: unknown) => isCovenError(error) && error.code === "session_not_found",
      );
      if (gone) break;
      await Bun.sleep(50);
    }
  }
  rmSync(project, { recursive: true, force: true });
}
