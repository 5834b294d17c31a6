// `coven notify`: what help, parsing and completions say of it.
import { command } from "../../framework/command.ts";

export const NOTIFY = command({
  name: "notify",
  summary: "Be told when a session wants you",
  seldom: true,
  about: [
    "Once per change, and not for a session that you are attached to.",
    "notify.command gets the session in COVEN_NOTIFY_... and as JSON on its standard",
    "input. notify.desktop uses notify-send, or osascript on macOS.",
  ],
  examples: [
    ["coven config set notify.desktop true", "a message on your desktop"],
    ["coven config set notify.command '[\"tell\"]'", "a program of your own"],
    ["coven notify test", "tells you now"],
  ],
  below: [
    {
      name: "test",
      summary: "Tell me now, and say whether it worked",
      examples: [["coven notify test", "as the daemon would for a session"]],
      load: async () => (await import("./run.ts")).test,
    },
  ],
});
