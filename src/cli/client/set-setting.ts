// Writes one setting into the user's file; everything else in it stays.
import { realpathSync } from "node:fs";
import { type ConfigValue, configText, type SettingName } from "../../config.ts";
import { makeHome } from "../../home.ts";
import { fileFailure } from "../../os/file-failure.ts";
import { replaceFile } from "../../os/replace-file.ts";
import type { CovenPaths } from "../../paths.ts";
import { withSetting } from "./edit-setting.ts";

/** The value must be one that may stand there (`valueFor`). The other values are not checked: a wrong one must not keep another from being set. Throws as `withSetting`, and `runtime_unavailable`. */
export function setSetting(paths: CovenPaths, key: SettingName, value: ConfigValue): void {
  const text = configText(paths.config) ?? "";
  const changed = withSetting(text, key, value, paths.config);
  try {
    makeHome(paths);
    if (changed !== text) replaceFile(resolved(paths.config), changed, { flush: true });
  } catch (error) {
    throw fileFailure(error, paths.config);
  }
}

/** Where a symbolic link leads: the file there is replaced, and the link stays. */
function resolved(file: string): string {
  try {
    return realpathSync(file);
  } catch {
    return file;
  }
}
