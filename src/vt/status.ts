// What a program says to the person in front of its terminal: that it works, waits or is done, or only "look here".

/** By which way it was said. */
export type SignSource = "osc7501" | "osc9" | "osc777" | "osc99" | "osc133" | "bell" | "title";

/** One such message. */
export type Sign =
  | {
      readonly source: "osc7501";
      /** The program's own word: `idle working blocked done error clear` are those of the protocol. */
      readonly word: string;
      /** Of a part of the program, like `build/test`; empty for the program itself. */
      readonly id: string;
      /** What it is blocked by, in its own word. */
      readonly kind: string | null;
      readonly message: string | null;
    }
  /** ConEmu's progress: something is under way, or no more. */
  | { readonly source: "osc9"; readonly progress: boolean }
  | { readonly source: "osc9" | "osc777" | "osc99"; readonly message: string }
  /** Shell integration: a prompt is shown, a command runs, a command has ended. */
  | { readonly source: "osc133"; readonly mark: "prompt" | "command" | "end" }
  | { readonly source: "title"; readonly title: string }
  | { readonly source: "bell" };

/** Of a message, in characters. */
const MOST_MESSAGE = 512;

/** What an OSC payload (latin1, as it came) says, undefined when it is no such message. */
export function signOf(payload: string): Sign | undefined {
  const at = payload.indexOf(";");
  const number = at === -1 ? payload : payload.slice(0, at);
  const rest = at === -1 ? "" : payload.slice(at + 1);
  switch (number) {
    case "0":
    case "2":
      return { source: "title", title: textOf(rest) };
    case "9":
      return notification9(rest);
    case "99":
      return notification99(rest);
    case "133":
      return shellMark(rest);
    case "777": {
      const [verb, title = "", ...body] = rest.split(";");
      return verb === "notify"
        ? said("osc777", [title, body.join(";")].filter(Boolean).join(": "))
        : undefined;
    }
    case "7501":
      return programStatus(rest);
    default:
      return undefined;
  }
}

/**
 * The program status protocol (superlogical.com/rex/docs/build/program-status): `state=working:app=codex`,
 * `state=blocked:kind=permission:msg=` with base64 text. Members stand in any order, those that are not known mean nothing, and
 * codex and claude write blanks and semicolons between them too.
 */
function programStatus(rest: string): Sign | undefined {
  const members = new Map<string, string>();
  for (const member of rest.split(/[:;]/)) {
    const [, key, value] = /^\s*([\w-]{1,32})\s*=\s*(.*?)\s*$/s.exec(member) ?? [];
    if (key !== undefined && value !== undefined) members.set(key, value);
  }
  const word = members.get("state") ?? "";
  if (!/^[\w.-]{1,32}$/.test(word)) return undefined;
  const kind = members.get("kind") ?? "";
  const message = Buffer.from(members.get("msg") ?? members.get("message") ?? "", "base64").toString("utf8");
  return {
    source: "osc7501",
    word,
    id: (members.get("id") ?? "").slice(0, 128),
    kind: /^[\w.-]{1,32}$/.test(kind) ? kind : null,
    message: shown(message) || null,
  };
}

/** iTerm2's notification; ConEmu's commands begin with their number, and 4 is progress (conemu.github.io, "ANSI X3.64"). */
function notification9(rest: string): Sign | undefined {
  const [, command, , state] = /^(\d{1,2})(;(\d)?.*|$)/s.exec(rest) ?? [];
  if (command === undefined) return said("osc9", rest);
  if (command !== "4") return undefined;
  return { source: "osc9", progress: state === "1" || state === "3" };
}

/** sw.kovidgoyal.net/kitty/desktop-notifications: title or body, perhaps base64; what has `d=0` is not whole yet. */
function notification99(rest: string): Sign | undefined {
  const at = rest.indexOf(";");
  const keys = new Map(
    (at === -1 ? rest : rest.slice(0, at)).split(":").map((member): [string, string] => {
      const [key = "", value = ""] = member.split("=", 2);
      return [key, value];
    }),
  );
  const part = keys.get("p") ?? "title";
  if (keys.get("d") === "0" || (part !== "title" && part !== "body")) return undefined;
  const text = at === -1 ? "" : rest.slice(at + 1);
  return said("osc99", keys.get("e") === "1" ? Buffer.from(text, "base64").toString("latin1") : text);
}

/** FinalTerm's marks, as iTerm2, kitty and VS Code take them. */
function shellMark(rest: string): Sign | undefined {
  const mark = /^[ABCD](?=;|$)/.exec(rest)?.[0];
  if (mark === undefined) return undefined;
  return { source: "osc133", mark: mark === "C" ? "command" : mark === "D" ? "end" : "prompt" };
}

function said(source: "osc9" | "osc777" | "osc99", text: string): Sign | undefined {
  const message = textOf(text);
  return message === "" ? undefined : { source, message };
}

/** Of bytes that came as latin1. */
function textOf(latin1: string): string {
  return shown(Buffer.from(latin1, "latin1").toString("utf8"));
}

/** A program's words as they may be shown: no control characters, none that hide text or turn its direction. */
function shown(text: string): string {
  const clean = text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, " ").trim();
  return clean.length > MOST_MESSAGE ? `${clean.slice(0, MOST_MESSAGE - 1)}…` : clean;
}
