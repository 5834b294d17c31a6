// Attaching before our terminal is ready: what the daemon sends meanwhile is kept and delivered in order.
import type { Attached, AttachFrame, AttachOptions, CovenClient, TerminalSize } from "../../api/client.ts";
import { CovenError } from "../../errors.ts";
import { ownSize } from "./size.ts";

type Listener = Pick<AttachOptions, "frame" | "bytes" | "closed"> &
  Required<Pick<AttachOptions, "picture" | "away" | "refused">>;

/** An attached session without a listener yet. Call exactly one of `claim` and `drop`, once. */
export interface EarlyAttach {
  /** The size that was asked for. */
  readonly size: TerminalSize | undefined;
  /** Resolves when the session is shown, or its connection has ended; rejects with the refusal. */
  admitted(): Promise<void>;
  /** Delivers what has come, in the next turn of the loop, and from then on what comes. */
  claim(listener: Listener): Attached;
  /** Hangs up. */
  drop(): void;
}

/** What an error frame stands for. */
export function refusalIn({ error }: Extract<AttachFrame, { readonly type: "error" }>): CovenError {
  return new CovenError(error.code, error.message, error.details);
}

/** Attaches. Never throws: a failure is delivered as `closed`. */
export function attachEarly(client: Pick<CovenClient, "attach">, id: string, observe: boolean): EarlyAttach {
  const size = ownSize();
  const kept: ((to: Listener) => void)[] = [];
  let listener: Listener | undefined;
  const { promise: admitted, resolve, reject } = Promise.withResolvers<void>();
  // Not everybody asks.
  admitted.catch(() => {});
  const deliver = (event: (to: Listener) => void): void => {
    if (listener) event(listener);
    else kept.push(event);
  };
  const attached = client.attach(id, {
    observe,
    ...(size ? { size } : {}),
    frame(frame) {
      if (frame.type === "attached") resolve();
      if (frame.type === "error") reject(refusalIn(frame));
      deliver((to) => to.frame(frame));
    },
    picture: (picture) => deliver((to) => to.picture(picture)),
    bytes: (bytes, snapshot) => deliver((to) => to.bytes(bytes, snapshot)),
    away: () => deliver((to) => to.away()),
    refused: (bytes, lost) => deliver((to) => to.refused(bytes, lost)),
    closed() {
      resolve();
      deliver((to) => to.closed());
    },
  });
  return {
    size,
    admitted: () => admitted,
    claim(to) {
      queueMicrotask(() => {
        for (const event of kept.splice(0)) event(to);
        listener = to;
      });
      return attached;
    },
    drop: () => attached.close(),
  };
}
