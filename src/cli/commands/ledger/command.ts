// `coven ledger`: what help, parsing and completions say of it.
import { command } from "../../framework/command.ts";
import { JSON_OUTPUT } from "../arguments.ts";

export const LEDGER = command({
  name: "ledger",
  summary: "Repair the file in which everything is recorded",
  seldom: true,
  about: [
    "Works on a copy while the daemon is stopped, and never changes the original.",
    "Where only indexes are damaged they are made anew; else every record and event",
    "that can be read is put into a new ledger, and what is lost is named.",
  ],
  examples: [
    ["coven doctor --deep", "is anything damaged?"],
    ["coven ledger repair", "writes coven.db.repaired beside it"],
    ["coven ledger repair --replace", "and puts it in place; the original is kept"],
  ],
  below: [
    {
      name: "repair",
      summary: "Make a whole ledger of what can be read of a damaged one",
      flags: [
        { name: "output", takes: "FILE", summary: "write it there (else coven.db.repaired)" },
        { name: "replace", summary: "put it in place; the original is moved beside it" },
        JSON_OUTPUT,
      ],
      load: async () => (await import("./run.ts")).repair,
    },
  ],
});
