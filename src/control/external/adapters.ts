// All external adapters of a home: their manifests read anew when somebody asks, their programs kept for as long as these stay the same.
import { createHash } from "node:crypto";
import { join } from "node:path";
import type { Action } from "../action.ts";
import type { ControlAdapter } from "../adapter.ts";
import { type AdapterProblem, type ExternalManifest, readAdapters } from "./manifest.ts";
import { AdapterProgram, type ProgramPorts, type ProgramState } from "./program.ts";

/** Where they are, and what their programs are run with. */
export interface ExternalPorts extends Omit<ProgramPorts, "mark" | "errors"> {
  readonly directory: string;
  /** Where what programs write to standard error is kept. */
  readonly logs: string;
}

/** An adapter as doctor and `GET /adapters` show it. */
export interface AdapterInfo extends ProgramState {
  readonly id: string;
  readonly label: string;
  readonly file: string;
  /** A program that it needs and that isn't there. */
  readonly missing: string | null;
}

/** Those of one daemon. */
export class ExternalAdapters {
  #programs: readonly AdapterProgram[] = [];
  #problems: readonly AdapterProblem[] = [];

  constructor(private readonly ports: ExternalPorts) {}

  /** Reads the manifests, ends the programs of those that are gone or say something else, and returns what there is. Starts nothing. */
  read(): ControlAdapter[] {
    const known = this.#programs.map(({ manifest }) => manifest);
    const { manifests, problems } = readAdapters(this.ports.directory, known);
    for (const { file, reason } of problems) {
      if (this.#problems.some((one) => one.file === file && one.reason === reason)) continue;
      this.ports.log.warn("adapter_refused", { file, reason });
    }
    this.#problems = problems;
    const before = this.#programs;
    const stays = (program: AdapterProgram) => manifests.some((manifest) => isOf(manifest)(program));
    const closing = new Map(
      before.filter((program) => !stays(program)).map((program) => [program.manifest.id, program.close()]),
    );
    this.#programs = manifests.map(
      (manifest) => before.find(isOf(manifest)) ?? this.#program(manifest, closing.get(manifest.id)),
    );
    return this.#programs.map(adapterOf);
  }

  list(): { readonly adapters: AdapterInfo[]; readonly problems: readonly AdapterProblem[] } {
    const adapters = this.#programs.map((program) => {
      const { id, label, file } = program.manifest;
      return { id, label, file, missing: program.missing() ?? null, ...program.state };
    });
    return { adapters, problems: this.#problems };
  }

  /** Ends all programs; resolves when they and all they started are gone. */
  async close(): Promise<void> {
    await Promise.all(this.#programs.map((program) => program.close()));
  }

  #program(manifest: ExternalManifest, before: Promise<void> | undefined): AdapterProgram {
    const { directory, logs } = this.ports;
    // The same for each daemon of this home, and for no other home.
    const home = createHash("sha256").update(directory).digest("hex").slice(0, 12);
    const mark = `adapter-${manifest.id}-${home}`;
    const errors = join(logs, `adapter-${manifest.id}.log`);
    return new AdapterProgram(manifest, { ...this.ports, mark, errors }, before);
  }
}

function isOf(manifest: ExternalManifest) {
  return (program: AdapterProgram) =>
    program.manifest.file === manifest.file && program.manifest.text === manifest.text;
}

function adapterOf(program: AdapterProgram): ControlAdapter {
  const { id, capabilities, actions } = program.manifest;
  return {
    id,
    capabilities: () => capabilities.map((one) => ({ ...one, status: program.status(one.id) })),
    actions: actions.map(
      ({ parse, timeoutSeconds, args, ...rest }): Action => ({
        ...rest,
        kind: "action.completed",
        timeoutMs: timeoutSeconds * 1000,
        schema: args,
        prepare(value, { origin = null, intentId = null }) {
          const judged = parse(value);
          return (signal) => program.ask({ action: rest.id, args: judged, origin, intentId }, signal);
        },
      }),
    ),
  };
}
