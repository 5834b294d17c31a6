// The allowlist: the port `Harnesses`, made of the built-in adapters, the demo, the recipes that are switched on, and the user's manifests.
import { basename } from "node:path";
import { CovenError } from "../errors.ts";
import type { Harnesses, HarnessInfo } from "../session/ports/harnesses.ts";
import type { Adapter } from "./adapter.ts";
import { BUILT_IN, cannotStream, refuseNul, startOf } from "./adapter.ts";
import { fitsArguments } from "./argument-room.ts";
import { askingArguments, cannotBeTold } from "./asking.ts";
import { findProgram } from "./lookup.ts";
import type { ManifestProblem } from "./manifest.ts";
import { readManifests } from "./manifest.ts";
import type { Questions } from "./questions.ts";
import { RECIPE_IDS, RECIPES } from "./recipes.ts";

/** The id of the harness that is this very executable. */
const DEMO_ID = "demo";

/** As much of a task as the demo looks at: it is a script, and reads what to do from the beginning. */
const DEMO_CHARACTERS = 10_000;

/** The hidden first argument that starts it; main.ts hands what follows to `runDemo`. */
const DEMO_COMMAND = "__demo";

/** Ids that no manifest may ever have; beside them those of the recipes that are switched on. */
export const BUILT_IN_IDS: ReadonlySet<string> = new Set([...BUILT_IN.map((adapter) => adapter.id), DEMO_ID]);

/** The port, and what `doctor` asks beside it. */
export interface HarnessRoom extends Harnesses {
  /** How an installed one is asked for its version and whether somebody is logged in; undefined where it is not. */
  questions(id: string, env: Readonly<Record<string, string>>): Questions | undefined;
  /** As `start`, its argv alone. */
  argv(...launch: Parameters<Harnesses["start"]>): readonly string[];
  /** Manifests that were not taken, read now. */
  problems(): readonly ManifestProblem[];
}

/** What a room of harnesses is made of. */
export interface HarnessSources {
  /** The user's own. */
  readonly manifestDir?: string;
  /** The argv that starts this executable, its first element absolute; a function is asked each time, as the file may go away. */
  readonly self: readonly string[] | (() => readonly string[]);
  /** Recipes that are switched on, asked each time; none when left out. What it throws a launch of a recipe throws. */
  enabled?(): readonly string[];
  /** The version of what may be launched, as far as it is known. */
  versionOf?(command: readonly string[], question: readonly string[]): string | null;
}

/**
 * The harnesses we may launch: codex, claude, demo, the recipes that are switched on, then the manifests of `manifestDir` in the order of their
 * file names, read anew each time one is asked for, so that adding one needs no restart. A manifest may have the id of a recipe that is off: it was
 * there first, or says it better.
 */
export function harnesses(options: HarnessSources): HarnessRoom {
  const self = (): readonly string[] => (typeof options.self === "function" ? options.self() : options.self);

  const manifests = (on: readonly Adapter[]) =>
    options.manifestDir === undefined
      ? { adapters: [], problems: [] }
      : readManifests(options.manifestDir, new Set([...BUILT_IN_IDS, ...on.map((adapter) => adapter.id)]));

  const recipes = (): readonly Adapter[] => {
    const ids = options.enabled?.() ?? [];
    return RECIPES.filter((adapter) => ids.includes(adapter.id));
  };

  /** For what only looks: a file of settings that can't be read switches nothing on. */
  const look = () => {
    let on: readonly Adapter[] = [];
    try {
      on = recipes();
    } catch {
      // Whoever launches one hears of it.
    }
    return { on, ...manifests(on) };
  };

  const adapterOf = (id: string): Adapter => {
    const builtIn = BUILT_IN.find((adapter) => adapter.id === id);
    if (builtIn) return builtIn;
    const recipe = RECIPES.find((adapter) => adapter.id === id);
    const on = recipe ? recipes() : look().on;
    if (recipe && on.includes(recipe)) return recipe;
    const { adapters, problems } = manifests(on);
    const added = adapters.find((adapter) => adapter.id === id);
    if (added) return added;
    const known = [...BUILT_IN_IDS, ...[...on, ...adapters].map((adapter) => adapter.id)];
    const harness = id.slice(0, 64);
    const broken = problems.find(({ file }) => basename(file) === `${id}.json`);
    if (broken) {
      throw new CovenError(
        "invalid_request",
        `The manifest of ${JSON.stringify(harness)} can't be used: ${broken.file}: ${broken.reason}.`,
        { harness, known, file: broken.file, hint: `edit ${broken.file}` },
      );
    }
    if (recipe) throw notEnabled(recipe);
    throw new CovenError("invalid_request", `There is no harness called ${JSON.stringify(harness)}.`, {
      harness,
      known,
      recipes: RECIPE_IDS,
      hint: `Use one of: ${known.join(", ")}. To add another: coven help harnesses`,
    });
  };

  /** Also of one that was switched off while a session of it runs. */
  const whateverOf = (id: string): Adapter | undefined => {
    const builtIn = BUILT_IN.find((adapter) => adapter.id === id);
    if (builtIn) return builtIn;
    const { on, adapters } = look();
    return [...on, ...adapters, ...RECIPES].find((adapter) => adapter.id === id);
  };

  const start: HarnessRoom["start"] = (id, prompt, mode, env, asked = {}) => {
    if (id === DEMO_ID) {
      refuseNul(prompt);
      if (asked.args && asked.args.length > 0) throw cannotBeTold(DEMO, "args");
      askingArguments(DEMO, asked, mode);
      if (mode === "stream") throw cannotStream(DEMO);
      const argv = [...self(), DEMO_COMMAND, mode, prompt.slice(0, DEMO_CHARACTERS)];
      return { argv, given: "argument", ready: "quiet" };
    }
    const adapter = adapterOf(id);
    const found = findProgram(adapter.executable, env);
    const command = found?.command ?? [adapter.executable];
    const fits = (args: readonly string[]) => fitsArguments([...command, ...args], env);
    const { argv, given } = startOf(adapter, prompt, mode, asked, fits);
    if (found === null) {
      const { executable, hint } = adapter;
      throw new CovenError(
        "harness_not_found",
        `${adapter.label} is not installed: there is no executable ${JSON.stringify(executable)} on the PATH.`,
        { harness: id, executable, hint },
      );
    }
    return { argv: [...command, ...argv], given, ready: adapter.ready ?? "quiet" };
  };

  return {
    list(env) {
      const { on, adapters } = look();
      const info = (adapter: Adapter): HarnessInfo => {
        const { id, label, executable, hint, source, maturity } = adapter;
        const found = findProgram(executable, env);
        const path = found?.path ?? null;
        const stream = adapter.stream !== undefined;
        const enabled = !RECIPES.includes(adapter) || on.includes(adapter);
        const available = enabled && path !== null;
        const version =
          (enabled && found && adapter.version && options.versionOf?.(found.command, adapter.version)) ||
          null;
        return { id, label, executable, available, path, hint, source, enabled, maturity, version, stream };
      };
      const off = RECIPES.filter(
        (adapter) => !on.includes(adapter) && !adapters.some(({ id }) => id === adapter.id),
      );
      return [...BUILT_IN.map(info), demoInfo(self()[0] ?? null), ...[...on, ...adapters, ...off].map(info)];
    },

    attention(id) {
      if (id === DEMO_ID) return { titles: [], answers: DEMO.answers };
      const found = whateverOf(id);
      return { titles: found?.titles ?? [], ...(found?.answers ? { answers: found.answers } : {}) };
    },

    require(id) {
      if (id !== DEMO_ID) adapterOf(id);
    },

    environment: (id) => (id === DEMO_ID ? {} : (adapterOf(id).environment ?? {})),

    conversations(id) {
      const { asking, says = [], holds = [] } = whateverOf(id) ?? {};
      return {
        init: asking?.initConversation !== undefined,
        resume: asking?.resumeConversation !== undefined,
        says,
        holds,
      };
    },

    start,

    argv: (...launch) => start(...launch).argv,

    questions(id, env) {
      const adapter = whateverOf(id);
      const found = adapter && findProgram(adapter.executable, env);
      return found ? { command: found.command, version: adapter.version, login: adapter.login } : undefined;
    },

    problems: () => look().problems,
  };
}

/** It writes nothing and reaches nothing, so any permission holds. */
const DEMO = {
  id: DEMO_ID,
  label: "The demo",
  asking: { permission: { full: [], "read-only": [] } },
  answers: { approve: ["y", "enter"], deny: ["n", "enter"] },
};

function notEnabled({ id, label }: Adapter): CovenError {
  const enable = `coven harnesses enable ${id}`;
  return new CovenError("not_enabled", `${label} is known and off.`, { harness: id, enable, hint: enable });
}

function demoInfo(program: string | null): HarnessInfo {
  return {
    id: DEMO_ID,
    label: "Demo",
    executable: "coven",
    available: true,
    path: program,
    hint: "Part of coven; nothing to install",
    source: "built-in",
    enabled: true,
    maturity: "launched here",
    version: null,
    stream: false,
  };
}
