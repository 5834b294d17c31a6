// `coven __with-input FILE PROGRAM…`: a program with a file as its standard input and this terminal for all else. The file goes.
import { closeSync, openSync, rmSync } from "node:fs";
import { endSelf, signalName } from "../os/signal.ts";

/** The hidden first argument that starts it. */
export const INPUT_COMMAND = "__with-input";

/** What a terminal or a daemon sends to both of us: the program decides, and we leave with it. */
const LEFT_TO_IT = ["SIGINT", "SIGHUP", "SIGTERM", "SIGQUIT"] as const;

/** Resolves with the program's exit code; ends itself by the signal that ended the program. */
export async function runWithInput([file = "", ...argv]: readonly string[]): Promise<number> {
  const stay = () => {};
  for (const signal of LEFT_TO_IT) process.on(signal, stay);
  const input = openSync(file, "r");
  try {
    // Windows removes no file that is open.
    if (process.platform !== "win32") rmSync(file, { force: true });
    const child = Bun.spawn([...argv], { stdin: input, stdout: "inherit", stderr: "inherit" });
    const code = await child.exited;
    for (const signal of LEFT_TO_IT) process.off(signal, stay);
    const signal = child.signalCode;
    if (signal !== null) endSelf(typeof signal === "number" ? signalName(signal) : signal);
    return code;
  } finally {
    closeSync(input);
    rmSync(file, { force: true });
  }
}
