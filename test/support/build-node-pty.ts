// `bun run build:node-pty`: builds node-pty's native binding in node_modules where the tools for it are there.
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { bindingPath, packageRoot } from "../../src/pty/binding.ts";

const outcome = await build();
console.log(`node-pty binding: ${outcome.text}`);
process.exitCode = outcome.failed ? 1 : 0;

interface Outcome {
  readonly text: string;
  readonly failed?: boolean;
}

/** What is missing is no failure: the binding is optional, and the suite over it then says that it was skipped. */
async function build(): Promise<Outcome> {
  const built = bindingPath();
  if (built !== undefined && !process.argv.includes("--force")) return { text: `is there: ${built}` };
  const root = packageRoot();
  if (root === undefined)
    return { text: "skipped: node-pty is not installed (it is an optional dependency)" };
  const missing = missingTool();
  if (missing !== undefined) return { text: `skipped: no ${missing}` };
  const gyp = nodeGyp();
  if (gyp === undefined) return { text: "skipped: no node-gyp (it comes with npm)" };
  const headers = headersRoot();
  const env = { ...process.env, ...(headers === undefined ? {} : { npm_config_nodedir: headers }) };
  const run = Bun.spawn([...gyp, "rebuild"], { cwd: root, env, stdout: "pipe", stderr: "pipe" });
  const [out, err, code] = await Promise.all([
    new Response(run.stdout).text(),
    new Response(run.stderr).text(),
    run.exited,
  ]);
  const path = bindingPath();
  if (code === 0 && path !== undefined) return { text: `built: ${path}` };
  // Without headers on the machine node-gyp wants to download them; offline that is a missing tool like another.
  if (headers === undefined)
    return { text: `skipped: no Node headers here, and node-gyp could not get them\n${tail(err)}` };
  return { text: `failed (exit ${code})\n${tail(`${out}\n${err}`)}`, failed: true };
}

function missingTool(): string | undefined {
  const tools = [
    ["compiler", ["c++", "g++", "clang++"]],
    ["make", ["make"]],
    ["python3", ["python3", "python"]],
    ["node (node-gyp runs on it)", ["node"]],
  ] as const;
  return tools.find(([, names]) => names.every((name) => Bun.which(name) === null))?.[0];
}

/** npm carries a node-gyp of its own, beside or above the npm program. */
function nodeGyp(): string[] | undefined {
  const own = Bun.which("node-gyp");
  if (own !== null) return [own];
  const root = Bun.which("npm") && Bun.spawnSync(["npm", "root", "-g"]).stdout.toString().trim();
  const bundled = root && join(root, "npm/node_modules/node-gyp/bin/node-gyp.js");
  return bundled && existsSync(bundled) ? ["node", bundled] : undefined;
}

/** Where `include/node/node_api.h` lies: as the caller says, in the system, or beside the node that runs. */
function headersRoot(): string | undefined {
  const said = process.env["npm_config_nodedir"];
  const node = Bun.spawnSync(["node", "-p", "process.execPath"]).stdout.toString().trim();
  const places = [said, "/usr", dirname(dirname(node))];
  return places.find((place) => place && existsSync(join(place, "include/node/node_api.h")));
}

function tail(text: string): string {
  return text.trim().split("\n").slice(-15).join("\n");
}
