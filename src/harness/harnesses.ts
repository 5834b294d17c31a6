// The allowlist: the port `Harnesses`, made of the built-in adapters, the demo, and the user's manifests.
import { basename } from "node:path";
import { CovenError } from "../errors.ts";
import type { Harnesses, HarnessInfo } from "../session/ports.ts";
import type { Adapter } from "./adapter.ts";
import { argumentsOf, BUILT_IN, cannotStream, refuseUnsayable } from "./adapter.ts";
import { askingArguments, cannotBeTold } from "./asking.ts";
import { findExecutable, findProgram } from "./lookup.ts";
import type { ManifestProblem } from "./manifest.ts";
import { readManifests } from "./manifest.ts";

/** The id of the harness that is this very executable. */
export const DEMO_ID = "demo";

/** The hidden first argument that starts it; main.ts hands what follows to `runDemo`. */
export const DEMO_COMMAND = "__demo";

/** Ids that no manifest may have. */
export const BUILT_IN_IDS: ReadonlySet<string> = new Set([...BUILT_IN.map((adapter) => adapter.id), DEMO_ID]);

/** The port, and what `doctor` asks beside it. */
export interface HarnessRoom extends Harnesses {
  /** Manifests that were not taken, read now. */
  problems(): readonly ManifestProblem[];
}

/**
 * The harnesses we may launch: codex, claude, demo, then the manifests of `manifestDir` in the order of their
 * file names, read anew each time one is asked for, so that adding one needs no restart. `self` gives the argv
 * that starts this executable, its first element absolute; a function is asked each time, as the file may go away.
 */
export function harnesses(options: {
  manifestDir?: string;
  self: readonly string[] | (() => readonly string[]);
}): HarnessRoom {
  const self = (): readonly string[] => (typeof options.self === "function" ? options.self() : options.self);

  const manifests = () =>
    options.manifestDir === undefined
      ? { adapters: [], problems: [] }
      : readManifests(options.manifestDir, BUILT_IN_IDS);

  const adapterOf = (id: string): Adapter => {
    const builtIn = BUILT_IN.find((adapter) => adapter.id === id);
    if (builtIn) return builtIn;
    const { adapters, problems } = manifests();
    const added = adapters.find((adapter) => adapter.id === id);
    if (added) return added;
    const known = [...BUILT_IN_IDS, ...adapters.map((adapter) => adapter.id)];
    const hint = `Use one of: ${known.join(", ")}.`;
    const harness = id.slice(0, 64);
    const broken = problems.find(({ file }) => basename(file) === `${id}.json`);
    if (broken) {
      throw new CovenError(
        "invalid_request",
        `The manifest of ${JSON.stringify(harness)} can't be used: ${broken.file}: ${broken.reason}.`,
        { harness, known, file: broken.file, hint: `edit ${broken.file}` },
      );
    }
    throw new CovenError("invalid_request", `There is no harness called ${JSON.stringify(harness)}.`, {
      harness,
      known,
      hint,
    });
  };

  return {
    list(env) {
      const info = (adapter: Adapter): HarnessInfo => {
        const { id, label, executable, hint, source } = adapter;
        const path = findExecutable(executable, env);
        const stream = adapter.stream !== undefined;
        return { id, label, executable, available: path !== null, path, hint, source, stream };
      };
      return [...BUILT_IN.map(info), demoInfo(self()[0] ?? null), ...manifests().adapters.map(info)];
    },

    attention(id) {
      const found =
        BUILT_IN.find((adapter) => adapter.id === id) ??
        manifests().adapters.find((adapter) => adapter.id === id);
      return { titles: found?.titles ?? [], ...(found?.answers ? { answers: found.answers } : {}) };
    },

    require(id) {
      if (id !== DEMO_ID) adapterOf(id);
    },

    argv(id, prompt, mode, env, asked = {}) {
      if (id === DEMO_ID) {
        refuseUnsayable(prompt);
        if (asked.args && asked.args.length > 0) throw cannotBeTold(DEMO, "args");
        askingArguments(DEMO, asked, mode);
        if (mode === "stream") throw cannotStream(DEMO);
        return [...self(), DEMO_COMMAND, mode, prompt];
      }
      const adapter = adapterOf(id);
      const rest = argumentsOf(adapter, prompt, mode, asked);
      const found = findProgram(adapter.executable, env);
      if (found === null) {
        const { executable, hint } = adapter;
        throw new CovenError(
          "harness_not_found",
          `${adapter.label} is not installed: there is no executable ${JSON.stringify(executable)} on the PATH.`,
          { harness: id, executable, hint },
        );
      }
      return [...found.command, ...rest];
    },

    problems: () => manifests().problems,
  };
}

/** It writes nothing and reaches nothing, so any permission holds. */
const DEMO = { id: DEMO_ID, label: "The demo", asking: { permission: { full: [], "read-only": [] } } };

function demoInfo(program: string | null): HarnessInfo {
  return {
    id: DEMO_ID,
    label: "Demo",
    executable: "coven",
    available: true,
    path: program,
    hint: "Part of coven; nothing to install",
    source: "built-in",
    stream: false,
  };
}
