// `coven config get|set|list|path`.
import {
  CONFIG_NAMES,
  type ConfigValue,
  isSettingName,
  readConfig,
  type SettingName,
  settingOf,
  valueFor,
} from "../../../config.ts";
import { covenPaths } from "../../../paths.ts";
import { setSetting } from "../../client/set-setting.ts";
import { has, type Invocation, type Run, word } from "../../framework/command.ts";
import { UsageError } from "../../ui/failure.ts";
import { nearest } from "../../ui/nearest.ts";
import { columns, print, printJson, say, write } from "../../ui/out.ts";
import { type Column, table } from "../../ui/table.ts";
import { harmless, quoted } from "../../ui/text.ts";

/** One row of `config list`, and the whole of `config get --json`. */
interface Row {
  readonly key: SettingName;
  readonly value: ConfigValue;
  readonly default: ConfigValue;
  /** Set in the file. */
  readonly set: boolean;
  readonly doc: string;
}

/** `coven config path`. */
export const path: Run = async () => {
  await print(covenPaths().config);
  return 0;
};

/** `coven config get KEY`. */
export const get: Run = async (invocation) => {
  const key = keyOf(invocation);
  const row = rows().find((one) => one.key === key) ?? rowOf(key, undefined);
  if (has(invocation, "json")) await printJson(row);
  else await print(shownValue(row.value));
  return 0;
};

/** `coven config list`. */
export const list: Run = async (invocation) => {
  if (has(invocation, "json")) {
    const { warnings } = readConfig(covenPaths().config);
    await printJson({ path: covenPaths().config, settings: rows(), warnings });
    return 0;
  }
  const width = process.stdout.isTTY ? columns(process.stdout, 80) : undefined;
  await write(`${table(rows(), width !== undefined && width < 60 ? NARROW : WIDE, width).join("\n")}\n`);
  return 0;
};

/** `coven config set KEY VALUE`. */
export const set: Run = async (invocation) => {
  const key = keyOf(invocation);
  const value = valueFor(key, typed(key, word(invocation, 1)));
  setSetting(covenPaths(), key, value);
  await print(`${key} = ${shownValue(value)}`);
  if (settingOf(key)?.readBy === "daemon")
    say("A running daemon takes it up when it starts again:  coven daemon restart");
  return 0;
};

const WIDE: readonly Column<Row>[] = [
  { head: "KEY", cell: (row) => row.key },
  { head: "VALUE", cell: (row) => shownValue(row.value) },
  { head: "FROM", cell: (row) => (row.set ? "file" : "default") },
  { head: "WHAT IT IS", cell: (row) => row.doc },
];

const NARROW = WIDE.slice(0, 2);

function rows(): Row[] {
  const { config, set: standing, named, warnings } = readConfig(covenPaths().config);
  for (const warning of warnings) say(`Warning: ${harmless(warning)}`);
  return [
    ...CONFIG_NAMES.map((key) => rowOf(key, standing.has(key) ? config[key] : undefined)),
    // Of actions only those that are set: nobody here knows which actions there are.
    ...Array.from(named, ([key, value]) => rowOf(key, value)),
  ];
}

function rowOf(key: SettingName, value: ConfigValue | undefined): Row {
  const { default: usual, doc } = settingOf(key) ?? { default: "", doc: "" };
  return { key, value: value ?? usual, default: usual, set: value !== undefined, doc };
}

function keyOf(invocation: Invocation): SettingName {
  const named = word(invocation, 0);
  if (isSettingName(named)) return named;
  // People remember the last part of a key.
  const guess = CONFIG_NAMES.find((key) => key.endsWith(`.${named}`)) ?? nearest(named, CONFIG_NAMES);
  throw new UsageError(`There is no setting ${quoted(named)}.`, [
    ...(guess === undefined
      ? []
      : [`coven ${[invocation.name, guess, ...invocation.words.slice(1).map(quoted)].join(" ")}`]),
    "coven config list",
  ]);
}

const UNITS: Readonly<Record<string, number>> = { kb: 1e3, mb: 1e6, gb: 1e9, tb: 1e12 };

/** A typed word as a value: a number, a size (`2GB`), on or off. `valueFor` checks it afterwards. */
function typed(key: SettingName, text: string): ConfigValue {
  const like = settingOf(key)?.default;
  if (typeof like === "object") return listOf(text);
  if (typeof like === "boolean") {
    if (/^(true|on|yes)$/i.test(text)) return true;
    return /^(false|off|no)$/i.test(text) ? false : text;
  }
  if (typeof like === "string") return text;
  const size = key === "retention.max_bytes" ? /^(\d+(?:\.\d+)?)\s*([kmgt]b)$/i.exec(text) : null;
  if (size) return Math.round(Number(size[1]) * (UNITS[(size[2] ?? "").toLowerCase()] ?? Number.NaN));
  if (text.toLowerCase() === "never" && key.startsWith("retention.")) return 0;
  return /^\d+$/.test(text) ? Number(text) : text;
}

/** A list as JSON, or one argument as it is; nothing is none. */
function listOf(text: string): ConfigValue {
  if (text.trim() === "") return [];
  if (!text.trim().startsWith("[")) return [text];
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function shownValue(value: ConfigValue): string {
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
