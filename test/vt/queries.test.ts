// One opinion of every query: what is taken out for viewers is what the headless terminal takes for itself, in every form.
import { expect, test } from "bun:test";
import { screenHost } from "../../src/screen/host.ts";
import { queryFilter } from "../../src/vt/filter.ts";
import { QUERIES, type QueryName } from "../../src/vt/queries.ts";
import { FORMS, LOOK_ALIKES } from "./forms.ts";

/** Asked and not answered; why is said beside each in screen/answer.ts. */
const SILENT = new Set<QueryName>([
  "ENQ",
  "DECRQPSR",
  "DECRQTSR",
  "DECRQUPSS",
  "DECRQCRA",
  "DECRQLP",
  "DECRQKT",
  "DECRQKD",
  "DECRQPKFM",
  "XTREPORTSGR",
  "XTREPORTCOLORS",
  "XTQFMTKEYS",
  "kittyCursors",
  "kittyClipboard",
  "kittyFiles",
  "kittyRemote",
  "kittyGraphics",
  "pointer",
  "font",
  "notifications",
  "features",
  "otherColour",
  "otherOsc",
]);

/** Of iTerm2's requests the cell size alone is answered. */
const SILENT_FORM = /1337;(?!ReportCellSize)/;

/** A stream cut in two at every byte, and into single bytes. */
function* cuts(stream: Uint8Array): Generator<Uint8Array[]> {
  for (let cut = 0; cut < stream.length; cut += 1) yield [stream.subarray(0, cut), stream.subarray(cut)];
  yield Array.from(stream, (byte) => Uint8Array.of(byte));
}

function filtered(chunks: readonly Uint8Array[]): string {
  const filter = queryFilter();
  return Buffer.concat([...chunks.map((chunk) => filter.pass(chunk)), filter.end()]).toString();
}

interface Answered {
  /** What the terminal sends back. */
  readonly sent: string;
  /** What it then shows in its first line. */
  readonly line: string;
  /** What a viewer gets who came after the first chunk: the filter begins with what has begun and not ended. */
  readonly joined: string;
}

function answered(chunks: readonly Uint8Array[]): Answered {
  let sent = "";
  const screen = screenHost().open({
    cols: 200,
    rows: 5,
    scrollback: 0,
    answer: (bytes) => {
      sent += Buffer.from(bytes).toString("latin1");
    },
  });
  const [first = Buffer.of(), ...rest] = chunks;
  screen.write(first);
  const begun = Buffer.from(screen.unfinished());
  const late = queryFilter(begun);
  const before = filtered([first.subarray(0, first.length - begun.length)]);
  const after = Buffer.concat(rest.map((chunk) => late.pass(chunk))).toString();
  for (const chunk of rest) screen.write(chunk);
  const line = screen.image().lines[0] ?? "";
  screen.close();
  // Cut in the terminator of a string that was answered at its ESC, the rest of that is left; it does nothing.
  return { sent, line, joined: before + after.replace(/^\x1b\\/, "") };
}

test("the table is generated from: every query has at least one form, and most have several", () => {
  expect(new Set(FORMS.map(([name]) => name)).size).toBe(Object.keys(QUERIES).length);
  expect(FORMS.length).toBeGreaterThan(300);
});

test.each(Object.keys(QUERIES))("%s is taken out in every form and answered by the daemon alone", (name) => {
  for (const [, form] of FORMS.filter(([one]) => one === name)) {
    const stream = Buffer.from(`a${form}z`);
    const { sent } = answered([stream, Buffer.of()]);
    // The keys of the table.
    expect({ form, asks: sent !== "" }).toEqual({
      form,
      asks: !SILENT.has(name as QueryName) && !SILENT_FORM.test(form),
    });
    for (const chunks of cuts(stream)) {
      const cut = chunks[0]?.length;
      const found = { form, cut, shown: filtered(chunks), ...answered(chunks) };
      expect(found).toEqual({ form, cut, shown: "az", sent, line: "az", joined: "az" });
    }
  }
});

test("what only looks like a query reaches the viewer untouched, and nobody answers it", () => {
  for (const text of LOOK_ALIKES) {
    const stream = Buffer.from(`a${text}z`);
    const { sent } = answered([stream]);
    for (const chunks of cuts(stream)) {
      expect({ text, shown: filtered(chunks), sent }).toEqual({ text, shown: stream.toString(), sent: "" });
    }
  }
});

test("controls in the middle of a query act, and a query inside another's ruins leaves nothing open", () => {
  expect(filtered([Buffer.from("\x1b[\nc")])).toBe("\n");
  expect(filtered([Buffer.from("\x1b\x1b[c")])).toBe("");
  expect(filtered([Buffer.from("\x1b[1\x1b[c")])).toBe("");
  expect(filtered([Buffer.from("\x1b[\x1b[cc")])).toBe("c");
  expect(filtered([Buffer.from("\x1b]\x1b[c11;?\x07")])).toBe("\x1b]\x1b\\11;?\x07");
  expect(filtered([Buffer.from("\x1b[3\x051mred")])).toBe("\x1b[31mred");
});

test("the end of a stream leaves nothing open", () => {
  expect(filtered([Buffer.from("a\x1b[")])).toBe("a");
  expect(filtered([Buffer.from("a\x1b]11;?")])).toBe("a");
  expect(filtered([Buffer.from("a\x1b")])).toBe("a");
  expect(filtered([Buffer.concat([Buffer.from("a"), Buffer.of(0xc2)])])).toBe("a\ufffd");
  const title = `\x1b]0;${"x".repeat(3000)}`;
  expect(filtered([Buffer.from(title)])).toBe(`${title}\x1b\\`);
});
