// A host whose every terminal is released at once by the one that started it, and adopted.
import type { Pty, PtyEvents, PtyHost, PtySpawn } from "../../src/session/ports/pty.ts";

/** `host` must be able to release. What is typed before a terminal is adopted is typed then. */
export function adopting(host: PtyHost): PtyHost {
  return { ...host, spawn: (options, events) => handedOver(host, options, events) };
}

function handedOver(host: PtyHost, options: PtySpawn, events: PtyEvents): Pty {
  let adopted: Pty | undefined;
  const before: ((pty: Pty) => void)[] = [];
  const first = host.spawn(options, {
    data: events.data,
    exit: () => {
      throw new Error("a terminal that was released reports no exit");
    },
  });
  if (!first.release) throw new Error(`${host.driver} can't release`);
  const { cols, rows } = options;
  void first.release().then((terminal) => {
    adopted = host.adopt({ ...terminal, cols, rows }, events);
    for (const act of before) act(adopted);
  });
  const then = (act: (pty: Pty) => void): void => {
    if (adopted) act(adopted);
    else before.push(act);
  };
  return {
    pid: first.pid,
    write(bytes) {
      const copy = bytes.slice();
      then((pty) => pty.write(copy));
    },
    resize(to, high) {
      // Refused at once, as the port says, also while nobody holds the terminal.
      if (!adopted) first.resize(to, high);
      else adopted.resize(to, high);
    },
  };
}
