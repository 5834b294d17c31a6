// What run and attach are asked about the terminal: the session itself or its output as a stream, and the detach key.
import { covenPaths } from "../../paths.ts";
import { flagValue, has, type Invocation } from "../framework/command.ts";
import { UsageError } from "../ui/failure.ts";
import { atTerminal } from "../ui/out.ts";
import { isThere } from "../ui/preference.ts";
import { quoted } from "../ui/text.ts";
import { type DetachKey, detachKey } from "./key-names.ts";

/** Whether the person gets the session itself, and not its output as a stream: both ends are terminals, and nothing else was asked. */
export function wantsView(invocation: Invocation): boolean {
  return atTerminal() && !has(invocation, "json") && !has(invocation, "raw");
}

/** `--detach-key`, else the setting, else Ctrl-]. Throws `UsageError` for a key that cannot be one, and as `readConfig`. */
export async function detachKeyOf(invocation: Invocation): Promise<DetachKey> {
  const name = flagValue(invocation, "detach-key") ?? (await configuredKey()) ?? "ctrl-]";
  const key = detachKey(name);
  if (key) return key;
  throw new UsageError(`${quoted(name)} can't be the detach key: typing needs it, or it is no such key.`, [
    "--detach-key ctrl-g   (ctrl- and a letter or \\ ] ^ _, but not c h i j m q s z)",
  ]);
}

async function configuredKey(): Promise<string | undefined> {
  const { config } = covenPaths();
  // Reading TOML is loaded only for those who have the file.
  if (!(await isThere(config))) return undefined;
  const { readConfig } = await import("../../config.ts");
  return readConfig(config).config["terminal.detach_key"];
}

/** Loads what shows a session, after what was asked of the daemon is on its way: it works meanwhile. */
export async function loadView() {
  await new Promise(setImmediate);
  await new Promise(setImmediate);
  return import("./view.ts");
}
