// What a user may set: the one table of keys, and reading `<COVEN_HOME>/config.toml` against it.
// smol-toml is loaded here and nowhere else; whoever is started often imports this file only when it is needed.
import { readFileSync } from "node:fs";
import { isAbsolute } from "node:path";
import { parse, TomlError } from "smol-toml";
import { lineOfKey } from "./config-lines.ts";
import { CovenError } from "./errors.ts";
import { codeOf } from "./os/file-failure.ts";

/** A value as it stands in the file. */
export type ConfigValue = string | number | boolean | readonly string[];

/** One key: what it is, and what may stand there. */
interface Key<Value extends ConfigValue> {
  readonly default: Value;
  /** One line for `coven config list`. */
  readonly doc: string;
  /** Who reads it: the daemon when it starts, each command, or both whenever something is launched or told. */
  readonly readBy: "daemon" | "commands" | "launches";
  /** What may stand there, as words that finish "must be …". */
  readonly must: string;
  accepts(value: unknown): value is Value;
}

const MOST_SCROLLBACK = 100_000;
const LEAST_LEDGER_BYTES = 1_000_000;

/** What typing needs stays what it is: Tab, Enter, LF, Escape, Backspace (i m j [ h), and Ctrl-C, Ctrl-Q, Ctrl-S, Ctrl-Z. */
const DETACH = /^ctrl-[abdefgklnoprtuvwxy\\\]^_]$/;

function isHarnessId(value: unknown): value is string {
  return typeof value === "string" && /^[a-z][a-z0-9-]{0,31}$/.test(value);
}

/** An argv, or none. */
function isCommand(value: unknown): value is readonly string[] {
  return (
    Array.isArray(value) &&
    value.length <= 64 &&
    value[0] !== "" &&
    value.every((one) => typeof one === "string" && one.length <= 4096 && !one.includes("\0"))
  );
}

function modelOf(harness: string) {
  return {
    default: "",
    doc: `model that ${harness} uses; empty: its own choice`,
    readBy: "commands",
    must: "the name of a model, or empty",
    accepts: (value): value is string => typeof value === "string" && /^(?!-)\P{Cc}{0,256}$/u.test(value),
  } satisfies Key<string>;
}

function argumentsOf(harness: string) {
  return {
    default: [],
    doc: `arguments ${harness} is given each time`,
    readBy: "commands",
    must: 'a list of arguments, like ["--search"]',
    accepts: (value): value is readonly string[] =>
      Array.isArray(value) &&
      value.length <= 64 &&
      value.every((one) => typeof one === "string" && one.length <= 4096 && !one.includes("\0")),
  } satisfies Key<readonly string[]>;
}

/** Every key there is. Anything else in the file is warned about and ignored. */
export const CONFIG_KEYS = {
  "harness.default": {
    default: "codex",
    doc: "harness that plain text in the palette goes to",
    readBy: "commands",
    must: 'the id of a harness, like "codex"',
    accepts: isHarnessId,
  } satisfies Key<string>,
  "harness.enabled": {
    default: [],
    doc: "agents beside codex and claude that may be launched",
    readBy: "launches",
    must: 'a list of their ids, like ["gemini"]',
    accepts: (value): value is readonly string[] =>
      Array.isArray(value) && value.length <= 64 && value.every(isHarnessId),
  } satisfies Key<readonly string[]>,
  "harness.codex.model": modelOf("codex"),
  "harness.claude.model": modelOf("claude"),
  "harness.codex.args": argumentsOf("codex"),
  "harness.claude.args": argumentsOf("claude"),
  "launch.permission": {
    default: "",
    doc: "what agents may do: read-only, full; empty: as they do",
    readBy: "commands",
    must: '"read-only", "full" or empty',
    accepts: (value): value is "" | "read-only" | "full" =>
      value === "" || value === "read-only" || value === "full",
  } satisfies Key<"" | "read-only" | "full">,
  "worktree.directory": {
    default: "",
    doc: "where --worktree puts them; empty: worktrees in the home",
    readBy: "commands",
    must: "an absolute path, or empty",
    accepts: (value): value is string =>
      typeof value === "string" && (value === "" || (isAbsolute(value) && !value.includes("\0"))),
  } satisfies Key<string>,
  "worktree.setup": {
    default: [],
    doc: "command run in each new worktree before the agent",
    readBy: "commands",
    must: 'a program and its arguments, like ["npm", "ci"]',
    accepts: isCommand,
  } satisfies Key<readonly string[]>,
  "terminal.detach_key": {
    default: "ctrl-]",
    doc: "key that leaves an attached session running",
    readBy: "commands",
    must: '"ctrl-" and one of a letter, \\ ] ^ _ (not c h i j m q s z)',
    accepts: (value): value is string => typeof value === "string" && DETACH.test(value),
  } satisfies Key<string>,
  "screen.scrollback": {
    default: 1_000,
    doc: "lines a live screen keeps above itself",
    readBy: "daemon",
    must: `a whole number from 0 to ${MOST_SCROLLBACK}`,
    accepts: (value): value is number => wholeNumber(value) && value <= MOST_SCROLLBACK,
  } satisfies Key<number>,
  "retention.days": {
    default: 0,
    doc: "delete sessions that ended so many days ago; 0: never",
    readBy: "daemon",
    must: "a whole number of days from 0 (never) to 36500",
    accepts: (value): value is number => wholeNumber(value) && value <= 36_500,
  } satisfies Key<number>,
  "retention.clock_ok": {
    default: "",
    doc: "day up to which a clock that leapt is right",
    readBy: "daemon",
    must: "a day like 2027-01-31, or empty",
    accepts: (value): value is string =>
      value === "" ||
      (typeof value === "string" && /^\d{4}-\d\d-\d\d$/.test(value) && !Number.isNaN(Date.parse(value))),
  } satisfies Key<string>,
  "retention.max_bytes": {
    default: 0,
    doc: "delete the oldest ended ones above this size; 0: never",
    readBy: "daemon",
    must: `0 (never) or a whole number of bytes from ${LEAST_LEDGER_BYTES}`,
    accepts: (value): value is number => wholeNumber(value) && (value === 0 || value >= LEAST_LEDGER_BYTES),
  } satisfies Key<number>,
  "retention.session_max": {
    default: 2_000_000_000,
    doc: "one session keeps so many bytes: head and tail; 0: all",
    readBy: "daemon",
    must: `0 (all) or a whole number of bytes from ${LEAST_LEDGER_BYTES}`,
    accepts: (value): value is number => wholeNumber(value) && (value === 0 || value >= LEAST_LEDGER_BYTES),
  } satisfies Key<number>,
  "launch.free_memory": {
    default: 0,
    doc: "refuse launches with less memory free; 0: never",
    readBy: "daemon",
    must: "0 (never) or a whole number of bytes",
    accepts: (value): value is number => wholeNumber(value),
  } satisfies Key<number>,
  "policy.wait_minutes": {
    default: 10,
    doc: "an action nobody has decided on by then is denied",
    readBy: "daemon",
    must: "a whole number of minutes from 1 to 1440",
    accepts: (value): value is number => wholeNumber(value) && value >= 1 && value <= 1_440,
  } satisfies Key<number>,
  "policy.approvers": {
    default: ["*"],
    doc: "origins that may decide on what others ask for; *: any",
    readBy: "daemon",
    must: 'a list of origins, like ["my-cockpit"], or ["*"]',
    accepts: (value): value is readonly string[] =>
      Array.isArray(value) &&
      value.length <= 64 &&
      value.every(
        (one) => typeof one === "string" && /^(?!(owner|policy|timeout|client)$)\P{Cc}{1,256}$/u.test(one),
      ),
  } satisfies Key<readonly string[]>,
  "policy.approve_own": {
    default: false,
    doc: "approvers may approve what they ask for themselves",
    readBy: "daemon",
    must: "true or false",
    accepts: (value): value is boolean => typeof value === "boolean",
  } satisfies Key<boolean>,
  "notify.command": {
    default: [],
    doc: "program that is told when a session wants you",
    readBy: "launches",
    must: 'a program and its arguments, like ["/home/you/bin/tell"]',
    accepts: isCommand,
  } satisfies Key<readonly string[]>,
  "notify.desktop": {
    default: false,
    doc: "the desktop tells you when a session wants you",
    readBy: "launches",
    must: "true or false",
    accepts: (value): value is boolean => typeof value === "boolean",
  } satisfies Key<boolean>,
  "record.input": {
    default: false,
    doc: "keep what is typed, passwords too",
    readBy: "daemon",
    must: "true or false",
    accepts: (value): value is boolean => typeof value === "boolean",
  } satisfies Key<boolean>,
  "ui.colour": {
    default: "auto",
    doc: "auto, always or never; NO_COLOR wins",
    readBy: "commands",
    must: '"auto", "always" or "never"',
    accepts: (value): value is "auto" | "always" | "never" =>
      typeof value === "string" && ["auto", "always", "never"].includes(value),
  } satisfies Key<"auto" | "always" | "never">,
} as const;

const POLICIES = ["allow", "requiresApproval", "deny"] as const;

/** `policy.ACTION`, or for one origin `policy.origin.ORIGIN.ACTION`; the id of an action has two parts or more. */
const POLICY_KEY =
  /^policy\.(?:origin\.(?<origin>[A-Za-z0-9_-]{1,64})\.)?(?<action>(?!origin\.)[A-Za-z][A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]+)+)$/;

const POLICY = {
  default: "default",
  doc: "may this action be done: allow, requiresApproval, deny",
  readBy: "daemon",
  must: '"allow", "requiresApproval", "deny" or "default"',
  accepts: (value): value is string => value === "default" || POLICIES.some((one) => one === value),
} satisfies Key<string>;

/** Whether one action may be done, as the file says it. */
interface PolicySetting {
  readonly action: string;
  readonly origin?: string;
  readonly policy: (typeof POLICIES)[number];
}

/** The name of a setting: a key, or one that names an action. */
export type SettingName = ConfigKey | `policy.${string}`;

/** What a setting is; undefined for what is none. */
export function settingOf(name: string): Omit<Key<ConfigValue>, "accepts"> | undefined {
  if (isConfigKey(name)) return CONFIG_KEYS[name];
  return POLICY_KEY.test(name) ? POLICY : undefined;
}

/** Whether a word names a setting. */
export function isSettingName(word: string): word is SettingName {
  return settingOf(word) !== undefined;
}

/** The name of a key, `table.key`. */
export type ConfigKey = keyof typeof CONFIG_KEYS;

type ValueOf<K> = K extends { accepts(value: unknown): value is infer Value } ? Value : never;

/** Every key with its value. Scrollback in lines, sizes in bytes. */
export type Config = { readonly [K in ConfigKey]: ValueOf<(typeof CONFIG_KEYS)[K]> };

/** What a file says, beside the values. */
export interface ReadConfig {
  readonly config: Config;
  /** The keys that stand in the file. */
  readonly set: ReadonlySet<ConfigKey>;
  /** What stands under `policy` of single actions, and the names of those settings with their values. */
  readonly policies: readonly PolicySetting[];
  readonly named: ReadonlyMap<SettingName, ConfigValue>;
  /** One sentence each: keys nobody knows. */
  readonly warnings: readonly string[];
}

/** Every key, in the order people see them. */
export const CONFIG_NAMES = Object.keys(CONFIG_KEYS) as readonly ConfigKey[]; // the keys of that very object

/** Whether a word is a key. */
function isConfigKey(word: string): word is ConfigKey {
  return Object.hasOwn(CONFIG_KEYS, word);
}

/**
 * Reads a config file; a missing one gives the defaults. Throws `invalid_request` (details `file`, `line`, `key`) for a
 * value that may not stand there or a file that is no TOML, and `runtime_unavailable` for one that cannot be read.
 */
export function readConfig(file: string): ReadConfig {
  const text = configText(file);
  const found = parseConfig(text ?? "", file);
  const values: Partial<Record<ConfigKey, ConfigValue>> = {};
  const set = new Set<ConfigKey>();
  for (const key of CONFIG_NAMES) {
    const value = found.get(key);
    values[key] = CONFIG_KEYS[key].default;
    if (value === undefined) continue;
    values[key] = valueFor(key, value, { file, line: lineOfKey(text ?? "", key) });
    set.add(key);
  }
  const policies: PolicySetting[] = [];
  const named = new Map<SettingName, ConfigValue>();
  for (const [name, value] of found) {
    if (isConfigKey(name) || !/^policy(\.|$)/.test(name)) continue;
    const from = { file, line: lineOfKey(text ?? "", name) };
    if (!isSettingName(name)) throw noPolicy(name, from);
    const policy = POLICIES.find((one) => one === valueFor(name, value, from));
    named.set(name, policy ?? POLICY.default);
    const { action = "", origin } = POLICY_KEY.exec(name)?.groups ?? {};
    if (policy) policies.push({ action, ...(origin === undefined ? {} : { origin }), policy });
  }
  const unknown = Array.from(found.keys()).filter((key) => !isSettingName(key));
  return {
    policies,
    named,
    // Every key was given its default or a value its own `accepts` took.
    config: values as Config,
    set,
    warnings: unknown.map((key) => {
      const line = lineOfKey(text ?? "", key);
      return `${file}${line === undefined ? "" : `, line ${line}`}: there is no setting ${JSON.stringify(key)}; it is ignored.`;
    }),
  };
}

/** A policy that is not understood is never ignored: it may be the one that forbids something. */
function noPolicy(name: string, { file, line }: { file: string; line: number | undefined }): CovenError {
  const place = line === undefined ? file : `${file}, line ${line}`;
  return new CovenError(
    "invalid_request",
    `${place}: ${JSON.stringify(name)} names no action; it must be policy.ACTION or policy.origin.ORIGIN.ACTION.`,
    { file, line: line ?? null, key: name, hint: `edit ${place}` },
  );
}

/** The file's text, or undefined where there is none. Throws `runtime_unavailable` when it cannot be read. */
export function configText(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const code = codeOf(error);
    if (code === "ENOENT") return undefined;
    throw new CovenError("runtime_unavailable", `The settings in ${file} cannot be read (${code}).`, {
      file,
      cause: code,
    });
  }
}

/** Every value of a TOML text by its dotted key, known or not. Throws as `readConfig` when it is no TOML. */
export function parseConfig(text: string, file: string): Map<string, unknown> {
  const found = new Map<string, unknown>();
  const gather = (table: object, prefix: string): void => {
    for (const [name, value] of Object.entries(table)) {
      const plain = Object.prototype.toString.call(value) === "[object Object]";
      if (plain && !isConfigKey(prefix + name)) gather(value, `${prefix}${name}.`);
      else found.set(prefix + name, value);
    }
  };
  gather(parseToml(text, file), "");
  return found;
}

/** A TOML text as it stands. Throws as `readConfig` when it is none. */
export function parseToml(text: string, file: string): Readonly<Record<string, unknown>> {
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const { line } = error;
    // Its first line is the sentence; the rest repeats the text around it.
    const why = error.message.split("\n", 1)[0]?.replace(/^Invalid TOML document: /, "") ?? "not understood";
    throw new CovenError("invalid_request", `${file}, line ${line}: this is not TOML (${why}).`, {
      file,
      line,
      key: null,
      hint: `edit line ${line} of ${file}`,
    });
  }
}

/** The value if it may stand there; throws `invalid_request` with file, line (if it came from one) and key otherwise. */
export function valueFor(
  key: SettingName,
  value: unknown,
  from: { readonly file?: string; readonly line?: number | undefined } = {},
): ConfigValue {
  const spec = isConfigKey(key) ? CONFIG_KEYS[key] : POLICY;
  if (spec.accepts(value)) return value;
  const place =
    from.file === undefined ? "" : `${from.file}${from.line === undefined ? "" : `, line ${from.line}`}: `;
  throw new CovenError(
    "invalid_request",
    `${place}${key} must be ${spec.must}, and ${shown(value)} is not.`,
    {
      file: from.file ?? null,
      line: from.line ?? null,
      key,
      hint: `coven config set ${key} ${typedDefault(spec.default)}`,
    },
  );
}

function typedDefault(value: ConfigValue): string {
  return typeof value === "object" ? `'${JSON.stringify(value)}'` : String(value);
}

function wholeNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function shown(value: unknown): string {
  const text = typeof value === "bigint" ? String(value) : (JSON.stringify(value) ?? String(value));
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}
