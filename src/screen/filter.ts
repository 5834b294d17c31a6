// Owns what a viewer may receive: the stream without the questions, which only the headless terminal answers.
import type { QueryFilter } from "../session/ports.ts";
import { isCsiQuery } from "./csi.ts";
import { OPEN_LIMIT } from "./limits.ts";
import { OTHER, plain, TEXT } from "./plain.ts";
import { C1_LEAD, ESC } from "./reach.ts";
import { Scanner } from "./scan.ts";
import { settingsIn } from "./strings.ts";

const LF = 0x0a;
const NOTHING = new Uint8Array(0);

/**
 * A filter that begins where `unfinished` ended. The first `pass` also gives what of those bytes a viewer may have,
 * so whoever shows an image sends nothing of them himself. Of a string longer than `OPEN_LIMIT` the start is lost;
 * its rest is left out up to its end. It holds back at most 16 KiB, and those only while they may become a question.
 */
export function queryFilter(unfinished: Uint8Array): QueryFilter {
  let out: Uint8Array[] = [];
  const keep = (bytes: Uint8Array): void => {
    out.push(bytes);
  };
  const scanner = new Scanner({
    pass: keep,
    passString: keep,
    csi: isCsiQuery,
    // DECID, the oldest way to ask for DA1.
    esc: (final) => final === "Z",
    string(kind, payload, _bell, asked) {
      if (!asked || payload === undefined) return;
      const settings = settingsIn(kind, payload);
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
  };
}
