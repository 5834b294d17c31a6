// Writes test/cli/messages.ts anew from the source: `bun test/support/write-messages.ts`, then read the difference as a stranger would.
import { join } from "node:path";
import { everythingSaid } from "./said.ts";

const HEAD = `// The table of everything a person can be told, read from the source by test/support/said.ts: where, what happened, what to try
// (empty where the error's code decides: src/cli/client/error-hints.ts). \`…\` is filled in. A new row is read as a stranger would: is it
// plain what happened, and what to do now? Written by test/support/write-messages.ts.

export const MESSAGES: readonly (readonly [file: string, says: string, tries: string])[] = [
`;

const rows = everythingSaid().map(
  ({ file, message, tries }) => `  ${JSON.stringify([file, message, tries])},\n`,
);
const target = join(import.meta.dir, "..", "cli", "messages.ts");
await Bun.write(target, `${HEAD}${rows.join("")}];\n`);
Bun.spawnSync(["node_modules/.bin/biome", "check", "--write", target], {
  cwd: join(import.meta.dir, "..", ".."),
});
