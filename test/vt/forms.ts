// Every query of the table in every form that a program may write it in, and sequences that look like one.
import { QUERIES, type Query, type QueryName } from "../../src/vt/queries.ts";

const ST = ["\x1b\\", "\u009c"];

/** An introducer as ESC and a byte, and as the C1 control in UTF-8. */
const both = (byte: string): string[] => [
  `\x1b${byte}`,
  String.fromCharCode((byte.codePointAt(0) ?? 0) + 0x40),
];

function combined(...parts: readonly (readonly string[])[]): string[] {
  return parts.reduce<string[]>((all, part) => all.flatMap((one) => part.map((more) => one + more)), [""]);
}

function formsOf(query: Query): string[] {
  if ("control" in query) return [String.fromCharCode(query.control)];
  if ("esc" in query) return both(query.esc);
  if ("osc" in query) return combined(both("]"), query.forms, ["\x07", ...ST]);
  if ("dcs" in query) return combined(both("P"), query.forms, ST);
  if ("apc" in query) return combined(both("_"), query.forms, ST);
  const [, prefix = "", rest = ""] = /^([<-?]?)(.*)$/.exec(query.csi) ?? [];
  // DEL counts for nothing wherever it stands.
  return combined(both("["), [prefix], query.forms, ["", "\x7f"], [rest]);
}

/** `[name, form]` for each. */
export const FORMS: readonly (readonly [QueryName, string])[] = Object.entries<Query>(QUERIES).flatMap(
  // The keys of the table.
  ([name, query]) => formsOf(query).map((form) => [name as QueryName, form] as const),
);

/** What must reach a viewer as it is, though some of it looks like a query. */
export const LOOK_ALIKES: readonly string[] = [
  "\x1b[31m",
  "\x1b[2J",
  "\x1b[1;2H",
  "\x1b[?25l",
  "\x1b[?2004h",
  "\x1b[?1049h",
  "\x1b[>1u",
  "\x1b[<u",
  "\x1b[=3;1u",
  "\x1b[u",
  "\x1b[3 u",
  "\x1b[>4;2m",
  "\x1b[>4m",
  "\x1b[>4n",
  "\x1b[>4;1f",
  "\x1b[1t",
  "\x1b[8;40;120t",
  "\x1b[22;0t",
  "\x1b[23;2t",
  "\x1b[>1t",
  "\x1b[2 q",
  '\x1b[1"q',
  "\x1b[>29;2:3:4 q",
  "\x1b[>0;4 q",
  "\x1b[!p",
  "\x1b[3S",
  "\x1b[3g",
  "\x1b[2$x",
  "\x1b[2*x",
  "\x1b[1;1;2;2;1;1;1;1$v",
  "\x1b[1;2'w",
  "\x1b[#P",
  "\x1b[#Q",
  "\x1b[#p",
  "\x1b[12;3:9R",
  "\x1bc",
  "\x1b#8",
  "\x1b7",
  "\x1b(Z",
  "\x1b(0",
  "\x1b[6\x18n",
  "\x1b[6\x1an",
  "\x1b]0;what?\x07",
  "\x1b]0;?\x07",
  "\x1b]2;?;?\x1b\\",
  "\x1b]7;file:///a?b\x1b\\",
  "\x1b]8;;https://a.example/?q\x1b\\link\x1b]8;;\x1b\\",
  "\x1b]9;?\x07",
  "\x1b]11;#102030\x1b\\",
  "\x1b]11;?\x18",
  "\x1b]4;1;red;2;blue\x07",
  "\x1b]104;1\x07",
  "\x1b]22;pointer\x1b\\",
  "\x1b]52;c;aGVsbG8/\x07",
  `\x1b]52;c;${"QUJD".repeat(15)}\x07`,
  "\x1b]99;i=1:p=body;?\x1b\\",
  "\x1b]133;A\x1b\\",
  "\x1b]633;E;?\x07",
  "\x1b]777;notify;?;?\x07",
  "\x1b]702;?x\x07",
  "\x1b]1337;File=inline=1:AAAA\x07",
  "\x1b]1337;RequestAttention=yes\x07",
  "\x1b]7501;state=working:app=codex\x1b\\",
  "\x1b_Ga=T,f=24;AAAA\x1b\\",
  "\x1b_Gm=0;AAAA\x1b\\",
  "\x1b_Gi=1,a=T,q=2;AAAA\x1b\\",
  "\x1b_Ga=d,d=i,i=3\x1b\\",
  "\x1b_?\x1b\\",
  "\x1bPq#0~~@@\x1b\\",
  "\x1bP0;1q#0~\x1b\\",
  "\x1bP+p41\x1b\\",
  "\x1bP1$t1\x1b\\",
  "\x1bPtmux;\x1b\x1b[c\x1b\\",
  "\x1b^?\x1b\\",
  "\x1bX[c\x1b\\",
  "\u0085",
  "«é» ÂÂ ¶",
];
