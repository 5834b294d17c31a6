// The signals that reach us while the terminal is ours: those that end us, suspend us, wake us, and new sizes.
import { onSignals } from "./signals.ts";

export interface SignalEvents {
  /** Somebody wants us gone; a session that is shown is none of their business. */
  leave(signal: NodeJS.Signals): void;
  /** Give the terminal back and stop. */
  suspend(): void;
  /** In the foreground again. */
  resume(): void;
  resized(): void;
  /** The process ends now, of an error nobody caught: synchronous things only. */
  dying(): void;
}

const ENDING = ["SIGTERM", "SIGHUP", "SIGINT", "SIGQUIT"] as const;

/** Listens until `stop`. A raw terminal sends none of these for a key; they come from outside. */
export function onTerminalSignals(events: SignalEvents): { stop(): void } {
  const offs = [
    onSignals(ENDING, events.leave),
    onSignals(["SIGTSTP"], events.suspend),
    onSignals(["SIGCONT"], events.resume),
    onSignals(["SIGWINCH"], events.resized),
  ];
  const dying = (): void => events.dying();
  // Before main.ts prints the error: the program's screen, on which it would stand, goes away.
  process.prependListener("uncaughtException", dying);
  process.prependListener("unhandledRejection", dying);
  process.on("exit", dying);
  return {
    stop() {
      for (const off of offs) off();
      process.off("uncaughtException", dying);
      process.off("unhandledRejection", dying);
      process.off("exit", dying);
    },
  };
}
