// What the palette offers while one types: each offer is a whole line that can be sent as it is. Pure.
import type { HarnessInfo } from "../../../session/ports/harnesses.ts";
import type { Session } from "../../../session/session.ts";
import { calledOf, sessionLabel } from "../../client/describe.ts";
import { shortId } from "../../client/session-id.ts";
import { finder } from "../../ui/fuzzy.ts";
import { harmless } from "../../ui/text.ts";
import { cut, padded } from "../../ui/width.ts";
import { requestOf, type Slash, VERBS } from "./slashes.ts";

/** One line that may be sent, and how it is shown. */
export interface Offer {
  readonly value: string;
  readonly label: string;
}

/** What offers are made of. */
export interface Known {
  readonly slashes: readonly Slash[];
  readonly harnesses: readonly HarnessInfo[];
  /** The harness plain text goes to. */
  readonly usual: string;
  readonly sessions: readonly Session[];
  readonly now: number;
  /** Cells a label may take. */
  readonly cols: number;
}

/** More than fit on any screen. */
const MOST = 50;

/** The lines that can be sent from here, the likeliest first; none when no command begins like this. */
export function offers(line: string, known: Known): Offer[] {
  const made = offered(line, known);
  return made.slice(0, MOST).map(({ value, label }) => ({ value, label: cut(label, known.cols) }));
}

function offered(line: string, known: Known): Offer[] {
  const { slashes } = known;
  if (line.trim() === "") return slashes.map(slashOffer);
  if (!line.startsWith("/")) return [{ value: line, label: `${known.usual}: ${harmless(line.trim())}` }];
  const space = line.search(/\s/);
  if (space < 0) {
    const typed = line.toLowerCase();
    const begins = slashes.filter((one) => one.name.startsWith(typed));
    const holds = slashes.filter((one) => !begins.includes(one) && one.name.includes(typed.slice(1)));
    return [...begins, ...holds].map(slashOffer);
  }
  const request = requestOf(line, slashes);
  const rest = line.slice(space + 1).trimStart();
  switch (request.kind) {
    case "unknown":
      return [];
    case "session":
      return finder(known.sessions.filter(VERBS[request.verb]), rowOf)
        .find(rest)
        .map(({ item: one }) => ({
          value: `/${request.verb} ${shortId(one.id)}`,
          label: sessionLabel(one, known.now),
        }));
    case "run":
      if (line.startsWith("/run") && request.task === "" && !/\S\s$/.test(line.slice(space))) {
        return known.harnesses
          .filter((one) => one.id.startsWith(rest.toLowerCase()))
          .map((one) => ({ value: `/run ${one.id} `, label: harnessLabel(one) }));
      }
      return [{ value: line, label: `${harmless(request.harness ?? "")}: ${harmless(request.task) || "…"}` }];
    case "show":
      if (request.words[0] === "daemon") {
        return ["status", "start", "restart", "stop"]
          .filter((word) => word.startsWith(rest))
          .map((word) => ({ value: `/daemon ${word}`, label: `/daemon ${word}` }));
      }
      return [{ value: line, label: harmless(line) }];
    default:
      return [{ value: line, label: harmless(line) }];
  }
}

function slashOffer({ name, summary, takes }: Slash): Offer {
  // Tab puts the value into the line: what follows can then be typed at once.
  return { value: takes === "nothing" ? name : `${name} `, label: `${padded(name, 11)} ${summary}` };
}

function harnessLabel(one: HarnessInfo): string {
  return `${padded(one.id, 10)} ${one.available ? harmless(one.label) : `not installed: ${harmless(one.hint)}`}`;
}

/** What of a session is searched, by fzf's rules. */
function rowOf(one: Session): string {
  return harmless(`${calledOf(one)} ${one.harness} ${one.project_root} ${one.id}`);
}
