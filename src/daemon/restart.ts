// Replacing the daemon in place: asked for, checked, and done; or refused, with all as it was.
import type { Restart, RestartState } from "../api/route.ts";
import { CovenError } from "../errors.ts";
import type { Log, World } from "../session/ports/world.ts";
import type { HandoverVersion } from "./handover.ts";
import { errorFields } from "./log.ts";
import { requireAble, requireTrusted } from "./successor.ts";

/** What a restart stands on. */
export interface RestartOptions {
  /** Why it can't be done here; undefined where it can. */
  readonly unable: string | undefined;
  /** This very program: argv without `daemon serve`. */
  readonly self: () => readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly world: Pick<World, "now">;
  readonly log: Log;
  /** Throws what keeps the daemon from being replaced just now. */
  requireReady(): void;
  /** The versions of the handover that may be written for what runs now, the best first. */
  handoverVersions(): readonly HandoverVersion[];
  /** Hands everything to this program; returns only when that failed: rejects, with all as it was. */
  handOver(command: readonly string[], version: HandoverVersion): Promise<never>;
}

/** The one way to replace this daemon; a second wish while the first is under way is part of it. */
export function restarter({ unable, self, env, world, log, ...options }: RestartOptions): Restart {
  let state: RestartState | null = null;
  const become = (next: RestartState["state"], reason: string | null = null) => {
    state = { state: next, reason, requestedAt: state?.requestedAt ?? world.now() };
  };

  async function run(command: readonly string[]): Promise<void> {
    try {
      options.requireReady();
      const version = await requireAble(command, env, options.handoverVersions());
      // What has changed meanwhile counts.
      options.requireReady();
      requireTrusted(command);
      become("handing_over");
      log.info("handing_over", { program: command[0] });
      await options.handOver(command, version);
    } catch (error) {
      become("refused", error instanceof Error ? error.message : String(error));
      log.error("restart_refused", errorFields(error));
    }
  }

  return {
    inPlace: unable === undefined,
    state: () => state,
    request(command = self()) {
      if (unable !== undefined) {
        throw new CovenError("runtime_unavailable", `This daemon can't be replaced in place: ${unable}.`, {
          reason: "not_in_place",
        });
      }
      requireTrusted(command);
      if (state && state.state !== "refused") return;
      state = null;
      become("checking");
      log.info("restart_requested", { program: command[0] });
      void run(command);
    },
  };
}
