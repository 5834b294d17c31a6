// Terminals kept in the descriptor store of the service manager (systemd), so that sessions outlive a daemon that is killed.
import { closeSync } from "node:fs";
import { keepNoLonger } from "../os/descriptors.ts";
import { openProcess } from "../os/process-descriptor.ts";
import { serviceManager, takePassed } from "../os/service-notify.ts";
import type { KeptTerminal, TerminalKeeper } from "../session/ports/pty.ts";
import type { Log, World } from "../session/ports/world.ts";

/** sd_notify(3) knows names without a colon; two of them for each session. */
const TERMINAL = "terminal-";
const PROGRAM = "process-";
/** A manager that takes nothing just now is asked again so often, so many milliseconds apart. */
const RETRY_MS = 100;
const MOST_TRIES = 100;

interface Message {
  readonly sessionId: string;
  readonly text: string;
  readonly descriptors: readonly number[];
  /** Of a descriptor that was opened for it. */
  readonly done?: () => void;
}

/**
 * Undefined where no service manager listens to this process. Takes what it has kept for the daemon before this one out of the environment `env`, in which
 * NOTIFY_SOCKET stays for the program that may replace this one.
 */
export function terminalKeeper(
  env: Record<string, string | undefined>,
  { world, log }: { readonly world: Pick<World, "after">; readonly log: Log },
): TerminalKeeper | undefined {
  const kept = keptBefore(takePassed(env));
  const manager = serviceManager(env);
  if (!manager) return undefined;
  let waiting: Message[] = [];
  let failures = 0;
  let retrying = false;

  function flush(): void {
    for (let next = waiting[0]; next; next = waiting[0]) {
      if (manager?.send(next.text, next.descriptors)) {
        waiting.shift();
        next.done?.();
        failures = 0;
        continue;
      }
      failures += 1;
      if (failures < MOST_TRIES) {
        retrying = true;
        world.after(RETRY_MS, () => {
          retrying = false;
          flush();
        });
        return;
      }
      log.warn("terminals_not_kept", { messages: waiting.length });
      for (const { done } of waiting.splice(0)) done?.();
      failures = 0;
    }
  }

  function say(message: Message): void {
    waiting.push(message);
    if (!retrying) flush();
  }

  return {
    keep(sessionId, { pid, descriptor }) {
      const program = openProcess(pid);
      // Without it nobody would learn how the program ends.
      if (program === undefined) return;
      const store = "FDSTORE=1\nFDPOLL=0\nFDNAME=";
      say({ sessionId, text: `${store}${TERMINAL}${sessionId}`, descriptors: [descriptor] });
      const done = () => closeSync(program);
      say({ sessionId, text: `${store}${PROGRAM}${sessionId}`, descriptors: [program], done });
    },
    forget(sessionId) {
      // Its descriptors are closed, or somebody else's by now.
      for (const { sessionId: id, done } of waiting) if (id === sessionId) done?.();
      waiting = waiting.filter((message) => message.sessionId !== sessionId);
      for (const name of [TERMINAL, PROGRAM]) {
        say({ sessionId, text: `FDSTOREREMOVE=1\nFDNAME=${name}${sessionId}`, descriptors: [] });
      }
    },
    take(sessionId) {
      const { fd, process } = kept.get(sessionId) ?? {};
      if (fd === undefined || process === undefined) return undefined;
      kept.delete(sessionId);
      return { fd, process };
    },
    forgetRest() {
      for (const [sessionId, found] of kept) {
        for (const fd of Object.values(found)) closeSync(fd);
        this.forget(sessionId);
      }
      kept.clear();
    },
  };
}

function keptBefore(passed: ReturnType<typeof takePassed>): Map<string, Partial<KeptTerminal>> {
  const kept = new Map<string, Partial<KeptTerminal>>();
  for (const { fd, name } of passed) {
    // They come without it, and no harness may have them.
    keepNoLonger(fd);
    const part = name.startsWith(TERMINAL) ? "fd" : "process";
    const sessionId = name.slice(name.indexOf("-") + 1);
    const before = kept.get(sessionId);
    if ((name.startsWith(TERMINAL) || name.startsWith(PROGRAM)) && before?.[part] === undefined) {
      kept.set(sessionId, { ...before, [part]: fd });
    } else {
      closeSync(fd);
    }
  }
  return kept;
}
