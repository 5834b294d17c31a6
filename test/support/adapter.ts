// Manifests and programs of external adapters, for tests: each program is a few lines that answer what the daemon asks.
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** The frame of a program: `on(message, say)` gets each message, and `say` sends one. */
const FRAME = `
import { createInterface } from "node:readline";
export const say = (message) => process.stdout.write(JSON.stringify({ jsonrpc: "2.0", ...message }) + "\\n");
export const serve = (on) => createInterface({ input: process.stdin }).on("line", (line) => on(JSON.parse(line))).on("close", () => process.exit(0));
`;

/** Puts an adapter into a home; `program` is the body of `serve((message) => …)`, which has `say`. `over` changes the manifest. */
export function putAdapter(
  home: string,
  program: string,
  over: Readonly<Record<string, unknown>> = {},
): string {
  const directory = join(home, "control-adapters");
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const id = typeof over["id"] === "string" ? over["id"] : "test";
  writeFileSync(join(directory, "frame.mjs"), FRAME, { mode: 0o600 });
  const script = join(directory, `${id}.mjs`);
  const text = `import { say, serve } from "./frame.mjs";\nimport { spawn } from "node:child_process";\nserve((message) => {\n${program}\n});\n`;
  writeFileSync(script, text, { mode: 0o600 });
  const file = join(directory, `${id}.json`);
  writeFileSync(file, JSON.stringify({ ...manifestOf(id, script), ...over }), { mode: 0o600 });
  chmodSync(file, 0o600);
  return file;
}

/** One with a single action, `test.act`, that takes a text. */
export function manifestOf(id: string, script: string): Record<string, unknown> {
  return {
    schema: 1,
    id,
    label: "Test",
    command: [process.execPath, script],
    capabilities: [{ id: `${id}.things`, label: "Things" }],
    actions: [
      {
        ...{ id: `${id}.act`, capability: `${id}.things`, summary: "Do a thing", policy: "allow" },
        timeoutSeconds: 5,
        args: {
          type: "object",
          properties: { text: { type: "string", maxLength: 20 } },
          required: ["text"],
          additionalProperties: false,
        },
      },
    ],
  };
}

/** Answers the first question, and each action with its args. */
export const ECHO = `if (message.method === "initialize") say({ id: message.id, result: {} });
if (message.method === "action") say({ id: message.id, result: { echo: message.params } });`;
