// `coven version`. main.ts answers `coven --version` itself.
import { API_VERSION, COVEN_VERSION } from "../../../version.ts";
import { has, type Run } from "../../framework/command.ts";
import { print, printJson } from "../../ui/out.ts";

export const run: Run = async (invocation) => {
  if (has(invocation, "json")) await printJson({ version: COVEN_VERSION, api_version: API_VERSION });
  else await print(`coven ${COVEN_VERSION}`);
  return 0;
};
