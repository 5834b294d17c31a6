// The stream without its queries: the headless terminal alone answers them, and no other terminal may see them.
import { C1_LEAD, ENQ, ESC, NOTHING } from "./bytes.ts";
import { OPEN_LIMIT } from "./limits.ts";
import { OTHER, plain, TEXT } from "./plain.ts";
import { settingsIn } from "./queries.ts";
import { Scanner } from "./scan.ts";

const LF = 0x0a;

/** Takes queries out of a stream, also when split across chunks. */
export interface QueryFilter {
  /** What of these bytes, and of those held back before, a viewer may receive. */
  pass(bytes: Uint8Array): Uint8Array;
  /** Nothing has begun that is not over, and nothing waits to be passed: a new filter would go on alike. */
  readonly rests: boolean;
  /** What closes a string that the stream left open; of a sequence that never ended nothing is left. */
  end(): Uint8Array;
}

/**
 * A filter that begins where `unfinished` ended. The first `pass` also gives what of those bytes a viewer may have,
 * so whoever shows an image sends nothing of them himself. Of a string longer than `OPEN_LIMIT` the start is lost;
 * its rest is left out up to its end. It holds back at most 16 KiB, and those only while they may become a query.
 */
export function queryFilter(unfinished: Uint8Array = NOTHING): QueryFilter {
  let out: Uint8Array[] = [];
  const scanner = new Scanner({
    // A control character that asks, in the middle of a sequence too.
    pass: (bytes) => void out.push(bytes.includes(ENQ) ? bytes.filter((byte) => byte !== ENQ) : bytes),
    passString: (bytes) => void out.push(bytes),
    csi: (_, asked) => asked !== undefined,
    esc: (_, asked) => asked !== undefined,
    string(_kind, payload, _bell, asked) {
      const settings = payload === undefined ? "" : settingsIn(asked, payload);
      if (settings !== "") out.push(Buffer.from(settings, "latin1"));
    },
  });
  if (unfinished.length > 0) scanner.write(unfinished);
  if (unfinished.length > OPEN_LIMIT) {
    scanner.dropOpenString();
    out = [];
  }
  return {
    pass(bytes) {
      // What has begun before ends with the line at the latest, mostly.
      const from = scanner.rests ? 0 : bytes.indexOf(LF) + 1 || bytes.length;
      if (from > 0) scanner.write(bytes.subarray(0, from));
      const rest = bytes.subarray(from);
      const stands = scanner.rests ? plain(rest, TEXT) : OTHER;
      if (stands === OTHER) scanner.write(rest);
      else {
        // No question in it, and five times as fast; only what has begun at its end may become one.
        const to = stands === TEXT ? rest.length : Math.max(rest.lastIndexOf(ESC), rest.lastIndexOf(C1_LEAD));
        out.push(rest.subarray(0, to));
        if (to < rest.length) scanner.write(rest.subarray(to));
      }
      const [only = NOTHING] = out;
      const passed = out.length < 2 ? only : Buffer.concat(out);
      out = [];
      return passed;
    },
    get rests() {
      return scanner.rests && out.length === 0;
    },
    end: () => scanner.end(),
  };
}
