// The table of commands. Help, parsing, suggestions, completions and the man page are made from it and from nothing else.
// It holds definitions only: what a command does is loaded when it runs.
import type { Command } from "../framework/command.ts";
import { ADAPTER } from "./adapter/command.ts";
import { APPROVALS } from "./approvals/command.ts";
import { APPROVE, DENY } from "./approve/command.ts";
import { ARCHIVE } from "./archive/command.ts";
import { ATTACH } from "./attach/command.ts";
import { COMPLETIONS } from "./completions/command.ts";
import { CONFIG } from "./config/command.ts";
import { CONFORMANCE } from "./conformance/command.ts";
import { DAEMON } from "./daemon/command.ts";
import { DIAGNOSTICS } from "./diagnostics/command.ts";
import { DIFF } from "./diff/command.ts";
import { DOCTOR } from "./doctor/command.ts";
import { EXPORT } from "./export/command.ts";
import { HARNESSES } from "./harnesses/command.ts";
import { HELP } from "./help/command.ts";
import { IMPORT } from "./import/command.ts";
import { KILL } from "./kill/command.ts";
import { LEDGER } from "./ledger/command.ts";
import { LOGS } from "./logs/command.ts";
import { NOTIFY } from "./notify/command.ts";
import { RENAME } from "./rename/command.ts";
import { RESUME } from "./resume/command.ts";
import { RUN } from "./run/command.ts";
import { SACRIFICE } from "./sacrifice/command.ts";
import { SEND } from "./send/command.ts";
import { SESSIONS } from "./sessions/command.ts";
import { STATUS } from "./status/command.ts";
import { SUMMON } from "./summon/command.ts";
import { TUI } from "./tui/command.ts";
import { VERSION } from "./version/command.ts";
import { WAIT } from "./wait/command.ts";
import { WHY } from "./why/command.ts";
import { WORKTREES } from "./worktrees/command.ts";

/** Every command, in the order in which help shows them. */
export const COMMANDS: readonly Command[] = [
  RUN,
  SESSIONS,
  ATTACH,
  SEND,
  WAIT,
  WHY,
  APPROVE,
  DENY,
  KILL,
  ARCHIVE,
  SUMMON,
  RENAME,
  SACRIFICE,
  EXPORT,
  CONFIG,
  DAEMON,
  STATUS,
  NOTIFY,
  HARNESSES,
  ADAPTER,
  APPROVALS,
  TUI,
  DOCTOR,
  LEDGER,
  IMPORT,
  LOGS,
  RESUME,
  DIFF,
  WORKTREES,
  DIAGNOSTICS,
  CONFORMANCE,
  COMPLETIONS,
  HELP,
  VERSION,
];
