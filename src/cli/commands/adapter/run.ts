// `coven adapter list`: the allowlist, looked up on the PATH of this shell.
import { environment } from "../../../os/environment.ts";
import { covenPaths } from "../../../paths.ts";
import type { HarnessInfo } from "../../../session/ports/harnesses.ts";
import { launchables } from "../../client/launchables.ts";
import { has, type Run } from "../../framework/command.ts";
import { printJson, write } from "../../ui/out.ts";
import { type Column, table } from "../../ui/table.ts";

export const list: Run = async (invocation) => {
  const found = launchables(covenPaths(), environment());
  if (has(invocation, "json")) await printJson(found.map(asBefore));
  else await write(`${table(found, COLUMNS).join("\n")}\n`);
  return 0;
};

/** The members of `GET /harnesses`, and what coven 0.4.6 printed beside them. */
function asBefore(info: HarnessInfo) {
  return {
    ...info,
    install_hint: info.hint,
    capabilities: { stream: info.stream, preassigned_session_id: false, think: false, speed: false },
  };
}

const COLUMNS: readonly Column<HarnessInfo>[] = [
  { head: "HARNESS", cell: (one) => one.id },
  { head: "STATE", cell: (one) => (one.available ? "ready" : "missing") },
  { head: "SOURCE", cell: (one) => one.source },
  { head: "WHERE", cell: (one) => one.path ?? one.hint },
];
