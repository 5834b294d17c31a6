// A recording as one HTML page that plays it from disk, without a network: the player, with the deflated cast inside.
import { createDeflate } from "node:zlib";
import { outcome } from "../../client/outcome.ts";
import type { Recording } from "../../client/recording.ts";
import { harmless } from "../../ui/text.ts";
import { castOf } from "./cast.ts";
import { pageFor } from "./player/page.ts";

/** The page piece by piece; the whole of the recording is never in memory. */
export async function* pageOf(recording: Recording): AsyncGenerator<string, void, undefined> {
  const { session } = recording;
  const { before, after } = pageFor({
    title: harmless(session.title),
    facts: `${session.harness}, ${session.created_at.slice(0, 16).replace("T", " ")} UTC. ${outcome(session)}`,
  });
  yield before;
  yield* base64Of(castOf(recording));
  yield after;
}

/** Text deflated (zlib, as browsers' DecompressionStream("deflate") reads it), as base64 without line ends. */
async function* base64Of(text: AsyncIterable<string>): AsyncGenerator<string, void, undefined> {
  let rest = Buffer.alloc(0);
  for await (const chunk of deflated(text)) {
    const bytes = Buffer.concat([rest, chunk]);
    // Three bytes are four characters. What is left over waits: padding may stand at the end only.
    const whole = bytes.length - (bytes.length % 3);
    yield bytes.toString("base64", 0, whole);
    rest = bytes.subarray(whole);
  }
  yield rest.toString("base64");
}

async function* deflated(text: AsyncIterable<string>): AsyncGenerator<Buffer, void, undefined> {
  const deflate = createDeflate();
  const fed = (async () => {
    for await (const piece of text) {
      if (!deflate.write(piece)) await new Promise((go) => deflate.once("drain", go));
    }
    deflate.end();
  })();
  // The reader of the page must see the error that broke off the recording.
  fed.catch((error: unknown) => deflate.destroy(error instanceof Error ? error : new Error(String(error))));
  yield* deflate;
  await fed;
}
