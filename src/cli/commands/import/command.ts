// `coven import`: what help, parsing and completions say of it.
import { command } from "../../framework/command.ts";
import { JSON_OUTPUT } from "../arguments.ts";

export const IMPORT = command({
  name: "import",
  summary: "Take over what an earlier coven has recorded",
  seldom: true,
  about: [
    "Sessions, events, labels and what is archived, from coven.sqlite3 in this home,",
    "and manifests from adapters/. Both are only read: coven 0.4 finds them as they",
    "were. Again it takes over only what is new; what has no place here is listed.",
  ],
  examples: [["coven import --from 0.4", "also while sessions run"]],
  flags: [
    { name: "from", takes: "VERSION", summary: "of which version: 0.4", completes: ["0.4"] },
    JSON_OUTPUT,
  ],
  load: async () => (await import("./run.ts")).run,
});
