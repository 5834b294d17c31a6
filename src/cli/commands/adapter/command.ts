// `coven adapter`: what help, parsing and completions say of it. Scripts of coven 0.4 ask by this name whom they can launch.
import { command } from "../../framework/command.ts";
import { JSON_OUTPUT } from "../arguments.ts";

export const ADAPTER = command({
  name: "adapter",
  summary: "List the agents you can start",
  seldom: true,
  about: ["Looked up on the PATH of this shell, which is the one that a run uses."],
  examples: [
    ["coven adapter list", "which agents are here, and how to get the others"],
    ["coven adapter list --json", "the same for programs"],
  ],
  below: [
    {
      name: "list",
      summary: "Every agent, whether it is installed, and where",
      flags: [JSON_OUTPUT],
      load: async () => (await import("./run.ts")).list,
    },
  ],
});
