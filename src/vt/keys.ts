// What terminals send for keys: one table, read both ways.

/** A key's bytes; what it sends where the program asked for application cursor keys (DECCKM); what other terminals send. */
interface KeyForms {
  readonly bytes: string;
  readonly application?: string;
  readonly others?: readonly string[];
}

/** xterm's ctlseqs, "PC-Style Function Keys"; `others` are those of the Linux console and rxvt. */
const KEYS: Readonly<Record<string, KeyForms>> = {
  enter: { bytes: "\r" },
  tab: { bytes: "\t" },
  "shift-tab": { bytes: "\x1b[Z" },
  esc: { bytes: "\x1b" },
  escape: { bytes: "\x1b" },
  space: { bytes: " " },
  backspace: { bytes: "\x7f" },
  up: { bytes: "\x1b[A", application: "\x1bOA" },
  down: { bytes: "\x1b[B", application: "\x1bOB" },
  right: { bytes: "\x1b[C", application: "\x1bOC" },
  left: { bytes: "\x1b[D", application: "\x1bOD" },
  home: { bytes: "\x1b[H", application: "\x1bOH", others: ["\x1b[1~", "\x1b[7~"] },
  end: { bytes: "\x1b[F", application: "\x1bOF", others: ["\x1b[4~", "\x1b[8~"] },
  insert: { bytes: "\x1b[2~" },
  delete: { bytes: "\x1b[3~" },
  pageup: { bytes: "\x1b[5~" },
  pagedown: { bytes: "\x1b[6~" },
  f1: { bytes: "\x1bOP" },
  f2: { bytes: "\x1bOQ" },
  f3: { bytes: "\x1bOR" },
  f4: { bytes: "\x1bOS" },
  f5: { bytes: "\x1b[15~" },
  f6: { bytes: "\x1b[17~" },
  f7: { bytes: "\x1b[18~" },
  f8: { bytes: "\x1b[19~" },
  f9: { bytes: "\x1b[20~" },
  f10: { bytes: "\x1b[21~" },
  f11: { bytes: "\x1b[23~" },
  f12: { bytes: "\x1b[24~" },
};

const names = new Map(
  Object.entries(KEYS).flatMap(([name, { bytes, application = bytes, others = [] }]) =>
    [bytes, application, ...others].map((sequence) => [sequence, name] as const),
  ),
);

/** The control byte of `ctrl-` and this character; undefined when there is none. */
export function controlByte(character: string): number | undefined {
  return /^[a-z@[\\\]^_]$/i.test(character) ? character.toUpperCase().charCodeAt(0) & 0x1f : undefined;
}

/**
 * What a terminal sends for a key by its name (`up`, `f5`, `ctrl-c`, `alt-x`); `application` when the program wants the cursor keys
 * so. Undefined for a name that is none.
 */
export function bytesOf(name: string, application: boolean): string | undefined {
  const key = name.toLowerCase();
  const known = Object.hasOwn(KEYS, key) ? KEYS[key] : undefined;
  if (known) return application ? (known.application ?? known.bytes) : known.bytes;
  if (key.startsWith("ctrl-")) {
    const byte = controlByte(key.slice("ctrl-".length));
    return byte === undefined ? undefined : String.fromCharCode(byte);
  }
  if (!key.startsWith("alt-") || key === "alt-") return undefined;
  // The letter as typed: Alt-X is not Alt-x.
  const other = name.slice("alt-".length);
  const rest = other.length === 1 ? other : bytesOf(other, application);
  return rest === undefined ? undefined : `\x1b${rest}`;
}

/** The key for which terminals send these bytes, in any mode; undefined when it is none of the table. */
export function keyFor(sequence: string): string | undefined {
  return names.get(sequence);
}

/** A key that was sent as a sequence because the program asked for it. */
export interface EncodedKey {
  /** The character's code point. */
  readonly code: number;
  /** Shift 1, Alt 2, Ctrl 4 and on; Caps Lock 64, Num Lock 128. */
  readonly modifiers: number;
}

/**
 * The key in kitty's `CSI code:shifted:base ; modifiers:event u` or in xterm's `CSI 27 ; modifiers ; code ~` (modifyOtherKeys);
 * undefined for a release, and for all else.
 */
export function encodedKey(sequence: string): EncodedKey | undefined {
  const kitty = /^\x1b\[(\d+)(?::\d*)*;(\d+)(?::([12]))?(?:;[\d:]*)?u$/.exec(sequence);
  const other = /^\x1b\[27;(\d+);(\d+)~$/.exec(sequence);
  const [code, modifiers] = kitty ? [kitty[1], kitty[2]] : [other?.[2], other?.[1]];
  return code && modifiers ? { code: Number(code), modifiers: Number(modifiers) - 1 } : undefined;
}

/** What a bracketed paste (mode 2004) begins and ends with. */
export const PASTE = { begin: "\x1b[200~", end: "\x1b[201~" } as const;
