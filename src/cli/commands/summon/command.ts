// `coven summon`: what help, parsing and completions say of it.
import { command } from "../../framework/command.ts";
import { sessionIds } from "../arguments.ts";

export const SUMMON = command({
  name: "summon",
  summary: "Bring an archived session back into the list",
  examples: [["coven summon 3f2a9c1e", "the reverse of archive"]],
  args: [sessionIds("archived session")],
  load: async () => (await import("./run.ts")).run,
});
