// A request's body as it comes from the wire: all of it before anything is answered, never more than the limit, and not for ever.
import type { CovenError } from "../errors.ts";
import type { World } from "../session/ports/world.ts";
import { type Budget, noRoom, SMALL_BYTES } from "./budget.ts";
import { InvalidRequest } from "./respond.ts";

/** The most bytes a body may have (CONTRACT, Transport). */
export const MAX_BODY_BYTES = 4 * 1024 * 1024;

/** The most bytes of a body with a member that may be large (`Definition.large`); all else in it keeps to the limit above. */
export const MAX_LARGE_BODY_BYTES = 16 * 1024 * 1024;

/** How much of a body that is refused is read and thrown away, and for how long, so that its sender can hear why. */
const DRAIN_BYTES = 64 * 1024 * 1024;
const DRAIN_MS = 1_000;

/** How long nothing may come of a body, and how long it may take altogether: 4 MiB at 7 KB a second. */
const STILL_MS = 30_000;
const TOTAL_MS = 600_000;
/** Under way for so long it makes room for others when there is none. */
const LONG_MS = 2_000;

/** What arrived: the bytes, or that they were too many. */
export type Body = Uint8Array | "too large";

/** Of a request that has none. */
export const NO_BODY: Body = new Uint8Array(0);

/** A body under way. */
interface Upload {
  /** On the world's clock. */
  readonly began: number;
  refuse(why: CovenError): void;
}

/** Reads bodies within a budget; `takeBody` of one server. */
export function bodyReader(world: World, budget: Budget) {
  /** The oldest first. */
  const uploads = new Set<Upload>();

  /** Where there is no room, what has been under way longest makes some. */
  const fits = (bytes: number): boolean => {
    if (budget.fits(bytes, "body")) return true;
    const [oldest] = uploads;
    if (!oldest || world.monotonic() - oldest.began < LONG_MS) return false;
    oldest.refuse(noRoom());
    return budget.fits(bytes, "body");
  };

  /**
   * Reads the body to its end, `most` bytes of it; a `CovenError` says why it was not. An answer given earlier would make Bun close a
   * `Connection: close` or HTTP/1.0 client's socket while it is still writing, and such clients then fail with EPIPE instead
   * of reading why.
   */
  return async function takeBody(request: Request, most: number): Promise<Body | CovenError> {
    const declared = Number(request.headers.get("content-length") ?? Number.NaN);
    if (request.body === null) return NO_BODY;
    if (declared > DRAIN_BYTES) return "too large";
    const reader = request.body.getReader();
    const share = budget.share("body");
    const chunks: Uint8Array[] = [];
    let size = 0;
    let refused: "too large" | CovenError | undefined;
    /** Ends the read that is waiting, too. */
    const giveUp = () => void reader.cancel().catch(() => {});
    let cancel = () => {};

    const refuse = (why: "too large" | CovenError) => {
      if (refused) return;
      refused = why;
      chunks.length = 0;
      share.set(0);
      uploads.delete(upload);
      cancel();
      cancel = world.after(DRAIN_MS, giveUp);
    };
    const upload = { began: world.monotonic(), refuse };
    const watch = (seen: number) => {
      cancel = world.after(STILL_MS, () => {
        if (size > seen && world.monotonic() - upload.began < TOTAL_MS) return watch(size);
        refused = tooSlow(size);
        giveUp();
      });
    };

    watch(-1);
    uploads.add(upload);
    if (declared > most) refuse("too large");
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return refused ?? Buffer.concat(chunks, size);
        size += value.length;
        if (size > most) refuse("too large");
        else if (!refused && size > SMALL_BYTES && !fits(value.length)) refuse(noRoom());
        if (size > DRAIN_BYTES) giveUp();
        if (refused) continue;
        chunks.push(value);
        share.set(size);
      }
    } finally {
      cancel();
      uploads.delete(upload);
      share.end();
    }
  };
}

function tooSlow(arrived: number): CovenError {
  const message = `The body did not arrive: ${arrived} bytes came, then none for ${STILL_MS / 1000} s, or it took more than ${TOTAL_MS / 60_000} minutes.`;
  return new InvalidRequest(message, { field: "body", arrived }, { status: 408, close: true });
}
