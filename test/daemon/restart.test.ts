// A daemon that is replaced under running agents: same pid, every byte once, every key once, and each ends as it would have.
import { expect } from "bun:test";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isLocked } from "../../src/daemon/lock.ts";
import { posixPtyHost } from "../../src/pty/posix.ts";
import { commandLine } from "../support/command-line.ts";
import { daemonHome, logLines, until } from "../support/daemon-home.ts";
import { restartInPlace } from "../support/in-place.ts";
import { randomRestarts } from "../support/random-restarts.ts";
import { testUnless, without } from "../support/unless.ts";
import { random } from "../vt/stream.ts";

const lack = posixPtyHost() ? undefined : "not Linux, or its C library is too old";
const test = testUnless(lack);

/** `codex` runs its prompt with sh. */
function home(env: Readonly<Record<string, string>> = {}) {
  const made = daemonHome(env);
  made.script("codex", 'for prompt; do :; done\nexec sh -c "$prompt"');
  return {
    ...made,
    [Symbol.asyncDispose]: made[Symbol.asyncDispose],
    launch: (prompt: string, key?: string) =>
      made.client.launch(
        { projectRoot: made.project, harness: "codex", prompt },
        key ? { idempotencyKey: key } : {},
      ),
    settled: (id: string) =>
      until(`session ${id} is settled`, async () => {
        const session = await made.client.session(id).catch(() => undefined);
        return session && session.status !== "running" ? session : undefined;
      }),
  };
}

type Home = ReturnType<typeof home>;

async function textOf({ client }: Pick<Home, "client">, id: string): Promise<string> {
  return Buffer.concat(await Array.fromAsync(client.output(id))).toString();
}

/** A terminal on the session, as a stranger's client would open it. */
function attached({ paths }: Home, id: string, { cols, rows }: { cols: number; rows: number }) {
  const socket = new WebSocket(
    `ws+unix://${paths.socket}:/api/v1/sessions/${id}/attach?cols=${cols}&rows=${rows}`,
  );
  const opened = Promise.withResolvers<void>();
  const closed = Promise.withResolvers<number>();
  socket.onmessage = () => opened.resolve();
  socket.onclose = ({ code }) => closed.resolve(code);
  return { socket, opened: opened.promise, closed: closed.promise };
}

/** Prints the same lines again and again until the file is there, and ends with this code; and whether a session has printed nothing else. */
const BLOCK = `${Array.from({ length: 2_000 }, (_, i) => i + 1).join("\r\n")}\r\n`;
const floodUntil = (file: string, code: number) => `until [ -e ${file} ]; do seq 1 2000; done; exit ${code}`;
async function blocksOf(output: AsyncIterable<Uint8Array>): Promise<number> {
  const text = Buffer.concat(await Array.fromAsync(output)).toString();
  const blocks = text.length / BLOCK.length;
  expect(Number.isInteger(blocks)).toBe(true);
  for (let i = 0; i < blocks; i++) {
    if (text.slice(i * BLOCK.length, (i + 1) * BLOCK.length) !== BLOCK) throw new Error(`block ${i} differs`);
  }
  return blocks;
}

test("twelve restarts in a flood of eight sessions: byte for byte, the same pid, and each exit code is collected", async () => {
  await using at = home();
  const pid = await at.start();
  const stop = join(at.base, "stop");
  const ids: string[] = [];
  for (let i = 0; i < 8; i++) ids.push((await at.launch(floodUntil(stop, i + 1))).id);
  const lines = logLines(at.paths).length;
  for (let i = 0; i < 12; i++) {
    expect(await restartInPlace(at)).toMatchObject({ pid, refused: null });
    expect(isLocked(at.paths.lock)).toBe(true);
    for (const id of ids) expect(await at.client.session(id)).toMatchObject({ status: "running" });
  }
  writeFileSync(stop, "");
  for (const [i, id] of ids.entries()) {
    expect(await at.settled(id)).toMatchObject({ status: "failed", exit_code: i + 1, pid: null });
    expect(await blocksOf(at.client.output(id))).toBeGreaterThan(12);
  }
  // Each program was adopted each time, and nothing else had to be said.
  const said = logLines(at.paths).slice(lines);
  expect(said.filter(({ event }) => event === "session_adopted")).toHaveLength(96);
  expect(said.filter(({ level }) => level !== "info")).toEqual([]);
  // No seq is left out, as it is after a crash.
  const seqs = await Promise.all(
    ids.map(async (id) => (await at.client.events(id, { beforeSeq: 1e9, limit: 1 })).events[0]?.seq ?? 0),
  );
  expect(Math.max(...seqs)).toBeLessThan(131_072);
}, 60_000);

test("sessions that end around the restart end with their own exit codes, and their last words", async () => {
  await using at = home();
  await at.start();
  for (let round = 0; round < 3; round++) {
    const ids: string[] = [];
    for (let i = 0; i < 16; i++) {
      ids.push(
        (await at.launch(`sleep 0.${String(i * 3).padStart(2, "0")}; echo last words ${i}; exit ${i + 1}`))
          .id,
      );
    }
    expect(await restartInPlace(at)).toMatchObject({ refused: null });
    for (const [i, id] of ids.entries()) {
      expect(await at.settled(id)).toMatchObject({ status: "failed", exit_code: i + 1 });
      expect(await textOf(at, id)).toBe(`last words ${i}\r\n`);
    }
  }
}, 30_000);

test("a kill under way ends: nobody is asked twice, the rest of the grace is given, and it is recorded once", async () => {
  await using at = home();
  await at.start();
  const { id } = await at.launch("trap 'echo asked' TERM; trap '' HUP; echo ready; while :; do read x; done");
  await until("it is ready", async () => (await textOf(at, id)).includes("ready"));
  await at.client.kill(id);
  await until("it was asked", async () => (await textOf(at, id)).includes("asked"));
  expect(await restartInPlace(at)).toMatchObject({ refused: null });
  expect(await at.settled(id)).toMatchObject({ status: "killed", exit_code: null, signal: "SIGKILL" });
  expect((await textOf(at, id)).split("asked")).toHaveLength(2);
  const { events } = await at.client.events(id);
  const kinds = events
    .filter(({ kind }) => kind !== "output")
    .map(({ kind, payload_json }) => ({ kind, ...JSON.parse(payload_json) }));
  expect(kinds).toMatchObject([
    { kind: "kill" },
    { kind: "metadata", event: "daemon_restarted" },
    { kind: "metadata", event: "stopped", survived: [] },
    { kind: "exit", status: "killed" },
  ]);
}, 20_000);

test("a character, a sequence and a question that are cut by a restart are whole behind it, and answered once", async () => {
  await using at = home();
  await at.start();
  const { id } = await at.launch(
    "stty -echo; printf 'one \\303'; read a; printf '\\251 two \\033[3'; read a; printf '1mred\\033[0m\\033['; read a; stty raw min 0 time 3; printf '6n'; dd bs=1 count=64 2>/dev/null | od -An -c",
  );
  const step = async (seen: string, key?: string) => {
    await until(`it shows ${seen}`, async () => (await textOf(at, id)).includes(seen));
    await restartInPlace(at);
    if (key) await at.client.input(id, key);
  };
  await step("one ", "\r");
  await step("two ");
  const { cursor, lines } = await at.client.screen(id);
  expect([lines[0]?.trimEnd(), cursor]).toEqual(["one é two", { x: 10, y: 0 }]);
  await at.client.input(id, "\r");
  await step("red", "\r");
  await at.settled(id);
  const text = await textOf(at, id);
  expect(text).toStartWith("one é two \x1b[31mred\x1b[0m\x1b[6n");
  // The place of the cursor, and nothing else.
  expect(
    text
      .slice(text.indexOf("6n") + 2)
      .trim()
      .split(/\s+/),
  ).toEqual(["033", "[", "1", ";", "1", "4", "R"]);
}, 20_000);

test("what was typed and not read yet arrives, a megabyte of it, in order and once; also what comes meanwhile", async () => {
  await using at = home();
  await at.start();
  const bytes = 1_000_000;
  const { id } = await at.launch(
    `stty raw -echo; echo ready; while [ ! -e ${at.base}/go ]; do sleep 0.05; done; head -c ${bytes + 4} | sha256sum`,
  );
  await until("it is ready", async () => (await textOf(at, id)).includes("ready"));
  const text = Array.from({ length: bytes / 10 }, (_, i) => String(i).padStart(9, "0"))
    .join(" ")
    .padEnd(bytes, "z");
  await at.client.input(id, text);
  expect(await restartInPlace(at)).toMatchObject({ refused: null });
  await at.client.input(id, "tail");
  writeFileSync(join(at.base, "go"), "");
  expect(await restartInPlace(at)).toMatchObject({ refused: null });
  await at.settled(id);
  expect(await textOf(at, id)).toContain(
    `${new Bun.CryptoHasher("sha256").update(`${text}tail`).digest("hex")}  -`,
  );
}, 20_000);

test("a text that is being submitted gets its Enter, once", async () => {
  await using at = home();
  await at.start();
  // It draws all the time, so that Enter would wait for its patience.
  const { id } = await at.launch(
    `(while :; do printf .; sleep 0.02; done) & read -r line; kill $!; stty -icanon min 0 time 5; printf '<%s>' "$line"; dd bs=1 count=9 2>/dev/null | od -An -c`,
  );
  await until("it draws", async () => (await textOf(at, id)).includes("."));
  await at.client.input(id, "a task", { submit: true });
  expect(await restartInPlace(at)).toMatchObject({ refused: null });
  await at.settled(id);
  expect(await textOf(at, id)).toMatch(/<a task>$/);
}, 20_000);

test("a launch repeated with its key is the first one's, and harnesses begin under the umask they always had", async () => {
  await using at = home();
  await at.start();
  const before = await at.launch("umask; exec cat", "key-1");
  for (let i = 0; i < 2; i++) {
    expect(await restartInPlace(at)).toMatchObject({ refused: null });
    expect((await at.launch("umask; exec cat", "key-1")).id).toBe(before.id);
  }
  const after = await at.launch("umask");
  await at.settled(after.id);
  expect(await textOf(at, after.id)).toBe(await textOf(at, before.id));
  const { started_at: _, ...record } = { started_at: 0, ...(await at.client.session(before.id)) };
  expect(record).toEqual({ ...before, updated_at: record.updated_at });
});

test("streams end and go on by their cursor, an attached terminal is told to come again, and no size changes", async () => {
  await using at = home();
  await at.start();
  const { id } = await at.launch('while read -r line; do echo "<$line>"; stty size; done');
  const seen: number[] = [];
  const kinds: string[] = [];
  /** As a stranger's client reads: to the end of the answer, and anew after the last seq. */
  const read = async () => {
    const answer = await fetch(`http://coven/api/v1/sessions/${id}/events?afterSeq=${seen.at(-1) ?? 0}`, {
      unix: at.paths.socket,
      headers: { accept: "text/event-stream" },
    });
    for (const [, seq, kind = ""] of (await answer.text()).matchAll(/^id: (\d+)\nevent: (\w+)$/gm)) {
      seen.push(Number(seq));
      kinds.push(kind);
    }
  };
  const streamed = read();
  const first = attached(at, id, { cols: 100, rows: 30 });
  const second = attached(at, id, { cols: 90, rows: 20 });
  await Promise.all([first.opened, second.opened]);
  // Used last: it decides.
  first.socket.send(Buffer.from("one\r"));
  await until("it was heard", async () => (await textOf(at, id)).includes("30 100"));
  expect(await restartInPlace(at)).toMatchObject({ refused: null });
  await streamed;
  expect([await first.closed, await second.closed]).toEqual([1012, 1012]);
  // The one that was not used last comes first.
  const again = [attached(at, id, { cols: 90, rows: 20 }), attached(at, id, { cols: 100, rows: 30 })];
  for (const { opened } of again) await opened;
  await at.client.input(id, "two\r");
  await until("it was heard", async () => (await textOf(at, id)).includes("<two>\r\n30 100"));
  const rest = read();
  await at.client.kill(id);
  await rest;
  const { events } = await at.client.events(id);
  expect(seen).toEqual(events.map(({ seq }) => seq));
  expect(kinds.filter((kind) => kind === "metadata" || kind === "exit")).toEqual([
    "metadata",
    "metadata",
    "exit",
  ]);
}, 20_000);

test("the lock is never free, descriptors don't grow, and nobody is left unreaped", async () => {
  await using at = home();
  const pid = await at.start();
  const { id } = await at.launch("exec cat");
  const open = () => readdirSync(`/proc/${pid}/fd`).length;
  await restartInPlace(at);
  const before = open();
  const looker = Bun.spawn(
    [
      process.execPath,
      "-e",
      `const { isLocked } = require(${JSON.stringify(join(import.meta.dir, "../../src/daemon/lock.ts"))});
       let looks = 0, free = 0, over = false; process.stdin.on("end", () => { over = true; }).resume();
       console.log("looking");
       const look = () => { for (let i = 0; i < 200; i++) { looks++; if (!isLocked(${JSON.stringify(at.paths.lock)})) free++; } if (over) { console.log(JSON.stringify({ looks, free })); process.exit(0); } setTimeout(look, 0); };
       look();`,
    ],
    { stdin: "pipe", stdout: "pipe" },
  );
  for (let i = 0; i < 5; i++) expect(await restartInPlace(at)).toMatchObject({ pid, refused: null });
  looker.stdin.end();
  const said = JSON.parse((await new Response(looker.stdout).text()).split("\n")[1] ?? "{}");
  expect(said.looks).toBeGreaterThan(100);
  expect(said.free).toBe(0);
  await until("its descriptors are as many as before", () => open() === before);
  await at.client.input(id, "\x04");
  expect(await at.settled(id)).toMatchObject({ status: "completed", exit_code: 0 });
  expect(readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim()).toBe("");
}, 30_000);

// Regression: one that asked in the moment in which nobody answers took it for a stop, and waited half a minute for a lock that is never free.
test("four restarts at once, and commands that meet them: all go well, and the session goes on", async () => {
  await using line = commandLine();
  const { out } = await line.coven(["run", "demo", "sleep 600", "--detach"]);
  const before = (await line.home.client.health()).daemon;
  const all = await Promise.all(
    [
      ["daemon", "restart"],
      ["daemon", "restart"],
      ["sessions", "--plain"],
      ["daemon", "restart"],
      ["daemon", "status"],
      ["daemon", "restart"],
    ].map(async (words, i) => {
      // So that some come while the daemon is away.
      await Bun.sleep(i * 90);
      return line.coven(words);
    }),
  );
  expect(all.map(({ code, err }) => [code, err])).toEqual(all.map(() => [0, ""]));
  const after = (await line.home.client.health()).daemon;
  expect([after?.pid, after?.startedAt === before?.startedAt]).toEqual([before?.pid ?? 0, false]);
  expect((await line.home.client.session(out.trim())).status).toBe("running");
}, 30_000);

test("fifteen restarts at random moments, while sessions begin, end, are killed, pasted into, looked at and archived", async () => {
  await using at = home();
  await at.start();
  const { wrong, sessions } = await randomRestarts(at, { restarts: 15, pick: random(15) });
  expect(wrong).toEqual([]);
  expect(sessions).toBeGreaterThan(20);
}, 60_000);

/** Full-screen programs as people use them, what is typed to leave each, and its exit code. */
const PROGRAMS = [
  {
    name: "vim",
    run: "vim -N -u NONE -n -c 'set number mouse=a' page",
    typed: ["ihello", "\x1b", ":split\r"],
    leave: ":qa!\r",
  },
  { name: "less", run: "less -N page", typed: ["10j", "/line 4\r"], leave: "q" },
  { name: "htop", run: "htop -d 100", typed: [], leave: "q" },
] as const;

for (const { name, run, typed, leave } of PROGRAMS) {
  testUnless(lack, without(name))(
    `the screen of ${name} is the same in every cell and mode, it draws nothing anew, and goes on`,
    async () => {
      await using at = home({ TERM: "xterm-256color", LANG: "C.UTF-8" });
      await at.start();
      writeFileSync(
        join(at.project, "page"),
        Array.from({ length: 200 }, (_, i) => `line ${i} \u00e9\u4e2d\n`).join(""),
      );
      const { id } = await at.launch(`printf 'before it\\n'; ${run}`);
      const screen = async () => {
        const { asOfSeq: _, ...shown } = await at.client.screen(id, { picture: true });
        return shown;
      };
      await until("it draws", async () => (await screen()).alternate);
      for (const keys of typed) {
        const { cursor, lines } = await screen();
        await at.client.input(id, keys);
        await until(`${JSON.stringify(keys)} shows`, async () => {
          const now = await screen();
          return JSON.stringify([now.cursor, now.lines]) !== JSON.stringify([cursor, lines]);
        });
      }
      // Until it has drawn all of it: two looks in a row that are alike.
      let before = await screen();
      await until("it rests", async () => {
        await Bun.sleep(100);
        const now = await screen();
        const same = JSON.stringify(now) === JSON.stringify(before);
        before = now;
        return same;
      });
      const bytes = (await textOf(at, id)).length;
      for (let i = 0; i < 3; i++) expect(await restartInPlace(at)).toMatchObject({ refused: null });
      const printed = (await textOf(at, id)).slice(bytes);
      // What it has drawn by itself meanwhile (a clock) is no fault; otherwise nothing may be another.
      if (printed === "") expect(await screen()).toEqual(before);
      else expect(name).toBe("htop");
      await at.client.input(id, leave);
      expect(await at.settled(id)).toMatchObject({ status: "completed", exit_code: 0 });
      const last = await screen();
      expect([last.alternate, last.lines[0]?.trimEnd()]).toEqual([false, "before it"]);
    },
    30_000,
  );
}
