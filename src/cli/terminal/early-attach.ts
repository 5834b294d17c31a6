// Attaching before our terminal is ready: what the daemon sends meanwhile is kept and delivered in order.
import type { Attached, AttachOptions, CovenClient, TerminalSize } from "../../api/client.ts";
import { ownSize } from "./size.ts";

type Listener = Pick<AttachOptions, "frame" | "bytes" | "closed">;

/** An attached terminal to which nobody listens yet. Exactly one of its methods is called, once. */
export interface Early {
  /** What was asked for. */
  readonly size: TerminalSize | undefined;
  /** Tells what has come, in the turn after this, and then what comes. */
  claim(listener: Listener): Attached;
  /** Nobody wants it: hangs up. */
  drop(): void;
}

/** Attaches. Never throws: what fails is told by `closed`. */
export function attachEarly(client: Pick<CovenClient, "attach">, id: string, observe: boolean): Early {
  const size = ownSize();
  const kept: ((listener: Listener) => void)[] = [];
  let listener: Listener | undefined;
  const tell = (what: (to: Listener) => void): void => {
    if (listener) what(listener);
    else kept.push(what);
  };
  const attached = client.attach(id, {
    observe,
    ...(size ? { size } : {}),
    frame: (frame) => tell((to) => to.frame(frame)),
    bytes: (bytes, snapshot) => tell((to) => to.bytes(bytes, snapshot)),
    closed: () => tell((to) => to.closed()),
  });
  return {
    size,
    claim(to) {
      queueMicrotask(() => {
        for (const what of kept.splice(0)) what(to);
        listener = to;
      });
      return attached;
    },
    drop: () => attached.close(),
  };
}
