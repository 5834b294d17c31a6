// OSC 7501, by which a program says what it is doing.

/**
 * The state in an OSC payload such as `7501;state=working:app=codex` or `7501;state=blocked:kind=permission:…`; the
 * program's own word, undefined when it is none. Colons and blanks around members are as seen from codex and claude.
 */
export function statusOf(payload: string): string | undefined {
  if (!payload.startsWith("7501;")) return undefined;
  for (const member of payload.slice(5).split(/[:;]/)) {
    const state = /^\s*state\s*=\s*([\w.-]{1,32})\s*$/.exec(member)?.[1];
    if (state !== undefined) return state;
  }
  return undefined;
}
