// Owns the proof that each question gets its one answer, in order and at once, and that nothing else is ever sent.
import { expect, test } from "bun:test";
import { screenHost } from "../../src/screen/host.ts";
import { noise, piece, QUERIES, random } from "../vt/stream.ts";

function asked(chunks: readonly (string | Uint8Array)[]): string[] {
  const sent: string[] = [];
  const screen = screenHost().open({
    cols: 80,
    rows: 24,
    scrollback: 10,
    answer: (bytes) => sent.push(Buffer.from(bytes).toString("latin1")),
  });
  for (const chunk of chunks) screen.write(typeof chunk === "string" ? Buffer.from(chunk) : chunk);
  screen.close();
  return sent;
}

const ANSWERS: [string, string][] = [
  ["\x1b[c", "\x1b[?1;2c"],
  ["\x1b[0c", "\x1b[?1;2c"],
  ["\x1bZ", "\x1b[?1;2c"],
  ["\u009bc", "\x1b[?1;2c"],
  ["\x1b[>c", "\x1b[>0;276;0c"],
  ["\x1b[=c", "\x1bP!|00000000\x1b\\"],
  ["\x1b[5n", "\x1b[0n"],
  ["\x1b[3;7H\x1b[6n", "\x1b[3;7R"],
  ["\x1b[?6n", "\x1b[?1;1R"],
  // A wrap still to come is not a 81st column.
  [`${"x".repeat(80)}\x1b[6n`, "\x1b[1;80R"],
  ["\x1b[5;9r\x1b[?6h\x1b[2;3H\x1b[6n", "\x1b[2;3R"],
  ["\x1b[?996n", "\x1b[?997;1n"],
  ["\x1b[?15n", "\x1b[?13n"],
  ["\x1b[4$p", "\x1b[4;2$y"],
  ["\x1b[4h\x1b[4$p", "\x1b[4;1$y"],
  ["\x1b[99$p", "\x1b[99;0$y"],
  ["\x1b[?2026$p", "\x1b[?2026;2$y"],
  ["\x1b[?2004h\x1b[?2004$p", "\x1b[?2004;1$y"],
  ["\x1b[?1049h\x1b[?1049$p", "\x1b[?1049;1$y"],
  ["\x1b[?1003h\x1b[?1003$p", "\x1b[?1003;1$y"],
  ["\x1b[?1006$p", "\x1b[?1006;2$y"],
  ["\x1b[?25l\x1b[?25$p", "\x1b[?25;2$y"],
  ["\x1b[?2048$p", "\x1b[?2048;0$y"],
  ["\x1bP$qm\x1b\\", "\x1bP1$r0m\x1b\\"],
  ["\x1b[1;4:3;38;2;1;2;3m\x1bP$qm\x1b\\", "\x1bP1$r0;1;4:3;38;2;1;2;3m\x1b\\"],
  ["\x1b[4 q\x1bP$q q\x1b\\", "\x1bP1$r4 q\x1b\\"],
  ["\x1b[2;9r\x1bP$qr\x1b\\", "\x1bP1$r2;9r\x1b\\"],
  ["\x1bP$qz\x1b\\", "\x1bP0$r\x1b\\"],
  ["\x1b[>q", "\x1bP>|coven\x1b\\"],
  ["\x1b]10;?\x07", "\x1b]10;rgb:d8d8/d8d8/d8d8\x07"],
  ["\x1b]11;?\x1b\\", "\x1b]11;rgb:1414/1414/1414\x1b\\"],
  ["\x1b]11;#fff\x07\x1b]11;?\x07", "\x1b]11;rgb:ffff/ffff/ffff\x07"],
  ["\x1b]10;?;?\x07", "\x1b]10;rgb:d8d8/d8d8/d8d8\x07\x1b]11;rgb:1414/1414/1414\x07"],
  ["\x1b]12;?\x07", "\x1b]12;rgb:d8d8/d8d8/d8d8\x07"],
  ["\x1b]4;1;?\x07", "\x1b]4;1;rgb:cdcd/0000/0000\x07"],
  ["\x1b]4;196;?;244;?\x07", "\x1b]4;196;rgb:ffff/0000/0000\x07\x1b]4;244;rgb:8080/8080/8080\x07"],
  ["\x1b]4;7;rgb:12/34/56\x07\x1b]4;7;?\x07", "\x1b]4;7;rgb:1212/3434/5656\x07"],
  ["\x1b]4;7;#123456\x07\x1b]104;7\x07\x1b]4;7;?\x07", "\x1b]4;7;rgb:e5e5/e5e5/e5e5\x07"],
  ["\x1b[?u", "\x1b[?0u"],
  ["\x1b[>5u\x1b[>1u\x1b[<u\x1b[?u", "\x1b[?5u"],
  ["\x1b[>5u\x1b[=2;2u\x1b[?u", "\x1b[?7u"],
  ["\x1b[>5u\x1b[<9u\x1b[?u", "\x1b[?0u"],
  ["\x1b[>5u\x1b[?1049h\x1b[?u", "\x1b[?0u"],
  ["\x1b[>5u\x1b[?1049h\x1b[>3u\x1b[?1049l\x1b[?u", "\x1b[?5u"],
  ["\x1b[14t", "\x1b[4;480;800t"],
  ["\x1b[16t", "\x1b[6;20;10t"],
  ["\x1b[18t", "\x1b[8;24;80t"],
  // Titles are never echoed: they may hold what a program would run.
  ["\x1b]2;rm -rf\x07\x1b[21t", "\x1b]l\x1b\\"],
  ["\x1bP+q544e\x1b\\", "\x1bP1+r544e=787465726D2D323536636F6C6F72\x1b\\"],
  ["\x1bP+q436f;524742\x1b\\", "\x1bP1+r436f=323536\x1b\\\x1bP1+r524742=382F382F38\x1b\\"],
  ["\x1bP+q7858\x1b\\", "\x1bP0+r7858\x1b\\"],
  ["\x1b]7501;?\x1b\\", "\x1b]7501;?\x1b\\"],
  ["\x1b]52;c;?\x07", "\x1b]52;c;\x07"],
  ["\x1b[?4m", "\x1b[>4;0m"],
  ["\x1b[>4;2m\x1b[?4m", "\x1b[>4;2m"],
];

test.each(ANSWERS)("%j is answered with %j, once, however it is cut", (question, answer) => {
  const bytes = Buffer.from(question);
  expect(asked([bytes]).join("")).toBe(answer);
  for (let cut = 1; cut < bytes.length; cut += 1) {
    expect(asked([bytes.subarray(0, cut), bytes.subarray(cut)]).join("")).toBe(answer);
  }
});

test("answers come in the order of the questions, each exactly once, at any cut and byte by byte", () => {
  const stream = Buffer.from(QUERIES.map((query) => `${query}text\r\n`).join(""));
  const whole = asked([stream]);
  // The graphics question is the one that is not answered.
  expect(whole.length).toBe(QUERIES.length - 1);
  expect(asked(Array.from(stream, (byte) => Uint8Array.of(byte)))).toEqual(whole);
  for (let cut = 1; cut < stream.length; cut += 1) {
    const cutted = asked([stream.subarray(0, cut), stream.subarray(cut)]);
    if (cutted.join("") !== whole.join("")) expect({ cut, cutted }).toEqual({ cut, cutted: whole });
  }
});

test("the program status question is answered before the device attributes behind it", () => {
  // claude asks both in one write and goes without reports when DA1 comes first.
  expect(asked(["\x1b]7501;?\x1b\\\x1b[c"])).toEqual(["\x1b]7501;?\x1b\\", "\x1b[?1;2c"]);
});

test("the kitty graphics question is met with silence, which means no", () => {
  expect(asked(["\x1b_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\\x1b[c"])).toEqual(["\x1b[?1;2c"]);
});

test("an answer is there when write returns", () => {
  const sent: number[] = [];
  const screen = screenHost().open({
    cols: 80,
    rows: 24,
    scrollback: 10,
    answer: (bytes) => sent.push(bytes.length),
  });
  screen.write(Buffer.from("text\x1b[6n"));
  expect(sent).toEqual([6]);
  screen.close();
});

test("nothing but a question makes the terminal send", () => {
  const quiet =
    "\x1b[?1004h\x1b[?1000h\x1b[?1003h\x1b[?1006h\x1b[?2031h\x1b[?2048h\x1b[?9001h\x07\x05\x1bc\x1b[!p\x1b[1c\x1b[7n" +
    "\x1b[?2026h\x1b[?2026l\x1b]0;title\x07\x1b[22t\x1b[23t\x1b[1t\x1b[8;10;10t\x1b[3J\x1b]52;c;QUJD\x07\x1bP+p41\x1b\\";
  expect(asked([quiet])).toEqual([]);
});

test("over random streams every question is answered as often as it is asked", () => {
  const answered = QUERIES.filter((query) => !query.startsWith("\x1b_G"));
  for (let seed = 1; seed <= 300; seed += 1) {
    const pick = random(seed);
    const parts = Array.from({ length: 40 }, () => piece(pick));
    const stream = Buffer.from(parts.join(""));
    const chunks: Uint8Array[] = [];
    for (let at = 0; at < stream.length; at += 5) chunks.push(stream.subarray(at, at + 5));
    expect(asked(chunks).length).toBe(parts.filter((part) => answered.includes(part)).length);
  }
});

test("answers to noise don't depend on the chunks", () => {
  for (let seed = 1; seed <= 200; seed += 1) {
    const pick = random(seed);
    const stream = Buffer.concat(Array.from({ length: 50 }, () => noise(pick)));
    expect(asked(Array.from(stream, (byte) => Uint8Array.of(byte)))).toEqual(asked([stream]));
  }
});

test("a program's status is told in its own word", () => {
  const states: string[] = [];
  const screen = screenHost().open({
    cols: 80,
    rows: 24,
    scrollback: 10,
    answer: () => {},
    sign: (sign) => sign.source === "osc7501" && states.push(sign.word),
  });
  const say = (payload: string): void => screen.write(Buffer.from(`\x1b]7501;${payload}\x1b\\`));
  say("state=working:app=codex");
  say(" state=idle : app=codex");
  say("app=claude:state=done");
  say("state=blocked:kind=permission:message=QWxsb3c/");
  say("?");
  say("state=");
  say("nothing");
  screen.write(Buffer.from("\x1b]7501;state=cl"));
  screen.write(Buffer.from("ear\x07"));
  screen.close();
  say("state=late");
  expect(states).toEqual(["working", "idle", "done", "blocked", "clear"]);
});
