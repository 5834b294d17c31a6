// `coven harnesses [enable|disable]`: the agents that are known, and which of them may be launched.
import { RECIPE_IDS } from "../../../harness/recipes.ts";
import { environment } from "../../../os/environment.ts";
import { type CovenPaths, covenPaths } from "../../../paths.ts";
import type { HarnessInfo } from "../../../session/ports/harnesses.ts";
import { harnessWords } from "../../client/harness-words.ts";
import { enabledRecipes, harnessesOf } from "../../client/launchables.ts";
import { setSetting } from "../../client/set-setting.ts";
import { has, type Invocation, type Run, word } from "../../framework/command.ts";
import { UsageError } from "../../ui/failure.ts";
import { nearest } from "../../ui/nearest.ts";
import { columns, print, printJson, say, write } from "../../ui/out.ts";
import { withProgress } from "../../ui/progress.ts";
import { type Column, table } from "../../ui/table.ts";
import { harmless, quoted } from "../../ui/text.ts";
import { cut } from "../../ui/width.ts";

const KEY = "harness.enabled";

/** `coven harnesses`. */
export const run: Run = async (invocation) => {
  const paths = covenPaths();
  const env = environment();
  const room = harnessesOf(paths);
  const list = room.list(env);
  const words = await withProgress("Asking for versions", () =>
    harnessWords(list, (id) => room.questions(id, env)),
  );
  const rows = list.map((one) => ({ ...one, version: words.get(one.id)?.version ?? null }));
  if (has(invocation, "json")) {
    await printJson({ harnesses: rows, problems: room.problems() });
    return 0;
  }
  const width = process.stdout.isTTY ? columns(process.stdout, 80) : undefined;
  await write(`${table(rows, width !== undefined && width < 60 ? NARROW : WIDE, width).join("\n")}\n`);
  for (const { file, reason } of room.problems()) say(`Not taken: ${harmless(file)} ${harmless(reason)}`);
  return 0;
};

/** Some say a sentence; all of it stands in `--json`. */
const VERSION_CELLS = 20;

const WIDE: readonly Column<HarnessInfo>[] = [
  { head: "HARNESS", cell: (one) => one.id },
  { head: "STATE", cell: stateOf },
  { head: "TRIED", cell: (one) => one.maturity ?? "manifest" },
  { head: "VERSION", cell: (one) => cut(one.version ?? "-", VERSION_CELLS) },
  { head: "WHERE", cell: (one) => one.path ?? one.hint },
];

const NARROW = WIDE.slice(0, 2);

function stateOf({ enabled, available }: HarnessInfo): string {
  if (!enabled) return "off";
  return available ? "ready" : "missing";
}

/** `coven harnesses enable ID`. */
export const enable: Run = async (invocation) => {
  const paths = covenPaths();
  const id = recipeOf(invocation, paths);
  if (id === undefined) return 0;
  const before = enabledRecipes(paths);
  if (!before.includes(id)) setSetting(paths, KEY, [...before, id]);
  const found = harnessesOf(paths)
    .list(environment())
    .find((one) => one.id === id);
  await print(`${id} is on: coven run ${id} 'your task'`);
  if (found?.path === null) say(`It is not installed: ${harmless(found.hint)}`);
  for (const { file } of setAside(paths, id)) say(`The recipe counts now, and ${harmless(file)} does not.`);
  return 0;
};

/** `coven harnesses disable ID`. */
export const disable: Run = async (invocation) => {
  const paths = covenPaths();
  const id = recipeOf(invocation, paths);
  if (id === undefined) return 0;
  const before = enabledRecipes(paths);
  const manifests = setAside(paths, id);
  if (before.includes(id)) {
    const left = before.filter((one) => one !== id);
    setSetting(paths, KEY, left);
  }
  await print(`${id} is off. What runs goes on.`);
  for (const { file } of manifests) say(`${harmless(file)} counts again.`);
  return 0;
};

/** Manifests that a recipe keeps from counting. */
function setAside(paths: CovenPaths, id: string) {
  return harnessesOf(paths)
    .problems()
    .filter(({ reason }) => reason.includes(`"${id}" belongs to a built-in`));
}

/** The recipe that was named; undefined, and said, for one that needs no switching. Throws `UsageError`. */
function recipeOf(invocation: Invocation, paths: CovenPaths): string | undefined {
  const named = word(invocation, 0);
  if (RECIPE_IDS.includes(named)) return named;
  const known = harnessesOf(paths).list(environment());
  if (known.some(({ id }) => id === named)) {
    say(`${named} is always on: it is ${isManifest(known, named) ? "a manifest of yours" : "built in"}.`);
    return undefined;
  }
  const guess = nearest(named, RECIPE_IDS);
  throw new UsageError(`There is no recipe called ${quoted(named)}.`, [
    ...(guess === undefined ? [] : [`coven ${invocation.name} ${guess}`]),
    `a manifest of your own: ${quoted(`${paths.harnesses}/${/^[a-z][a-z0-9-]*$/.test(named) ? named : "NAME"}.json`)}`,
    "coven help harnesses",
  ]);
}

function isManifest(known: readonly HarnessInfo[], id: string): boolean {
  return known.some((one) => one.id === id && one.source === "manifest");
}
