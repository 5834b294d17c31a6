// asciicast v3: a recording as newline-delimited JSON. Source: https://docs.asciinema.org/manual/asciicast/v3
import type { Moment, Recording } from "../../client/recording.ts";

/** The document line by line. Intervals are seconds since the event before, and add up to the millisecond. */
export async function* castOf(recording: Recording): AsyncGenerator<string, void, undefined> {
  const { session, cols, rows } = recording;
  const header = {
    version: 3,
    term: { cols, rows, type: "xterm-256color" },
    timestamp: Math.floor(Date.parse(session.created_at) / 1000),
    // A player prints the title on a terminal.
    title: session.title.replace(/[\u0000-\u001f\u007f-\u009f]/g, " "),
    tags: ["coven", session.harness],
  };
  yield `${JSON.stringify(header)}\n`;
  let before = 0;
  for await (const moment of recording.moments) {
    yield `${JSON.stringify([(moment.ms - before) / 1000, ...codeAndData(moment)])}\n`;
    before = moment.ms;
  }
}

function codeAndData(moment: Moment): [code: "o" | "i" | "r" | "x", data: string] {
  switch (moment.kind) {
    case "output":
      return ["o", moment.data];
    case "input":
      return ["i", moment.data];
    case "resize":
      return ["r", `${moment.cols}x${moment.rows}`];
    case "exit":
      return ["x", String(moment.code)];
  }
}
