// A disk that is full, for real: what still works, what is said of it, and that everything goes on once there is room.
import { afterAll, afterEach, beforeEach, expect, test } from "bun:test";
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { readOwnerKey } from "../../src/owner-key.ts";
import type { Session } from "../../src/session/session.ts";
import { stopDaemon } from "../../src/supervise/lifecycle.ts";
import { type CommandLine, commandLine } from "../support/command-line.ts";
import { logLines, until } from "../support/daemon-home.ts";
import { inTerminal } from "../support/in-terminal.ts";
import { mount, noMounts, unmount } from "../support/mount.ts";
import { describeUnless, type Lack, testUnless, without } from "../support/unless.ts";

const BALLAST = 8 * 1024 * 1024;

describeUnless(noMounts())("a full disk", () => {
  let line: CommandLine;
  let filler: string;
  beforeEach(() => {
    line = commandLine();
    line.home.script("codex", 'for prompt; do :; done\nexec sh -c "$prompt"');
    const { home } = line.home.paths;
    mkdirSync(home, { mode: 0o700 });
    expect(mount("-t", "tmpfs", "-o", "size=40m,mode=700", "none", home)).toBe(true);
    filler = join(home, "filler");
  });
  afterEach(async () => {
    rmSync(filler, { force: true });
    await stopDaemon(line.home.paths, { force: true });
    unmount(line.home.paths.home);
    await line[Symbol.asyncDispose]();
  });

  const launch = (prompt: string): Promise<Session> =>
    line.home.client.launch({ projectRoot: line.home.project, harness: "codex", prompt });
  const ballast = () => `${line.home.paths.ledger}-ballast`;
  const size = (file: string) => (existsSync(file) ? statSync(file).size : 0);
  /** Undefined while nobody answers: a daemon that could only read is made anew. */
  const storage = async () => (await line.home.client.health().catch(() => undefined))?.storage?.state;
  const becomes = (state: string) =>
    until(`the storage is ${state}`, async () => (await storage()) === state);
  const settled = (id: string) =>
    until(`${id} has settled`, async () => (await line.home.client.session(id)).status !== "running");

  /** To the last byte. */
  function fill(): void {
    for (const piece of [1024 * 1024, 4096, 64]) {
      try {
        for (;;) appendFileSync(filler, Buffer.alloc(piece));
      } catch {
        // No room for so much.
      }
    }
  }

  const prints = ({ id }: Session) =>
    until("it prints", async () => (await line.home.client.events(id, { limit: 1 })).events.length > 0);

  async function started(): Promise<void> {
    await line.home.start();
    await until("the ballast is there", () => size(ballast()) === BALLAST);
  }

  test("is said, refuses launches, lets sessions be ended, archived and deleted, and is forgotten once there is room", async () => {
    await started();
    expect(await storage()).toBe("ok");
    const old = await Promise.all([launch("seq 1000"), launch("seq 1000")]);
    for (const { id } of old) await settled(id);
    const printing = await launch("read -r go; seq 1 2000000; exit 5");
    fill();
    await line.home.client.input(printing.id, "\r");
    await becomes("full");
    expect(await line.home.client.health()).toMatchObject({ ok: true, storage: { state: "full" } });
    const status = await line.coven(["daemon", "status"]);
    expect(status.out).toContain("Disk: FULL");
    expect(JSON.parse((await line.coven(["daemon", "status", "--json"])).out)).toMatchObject({
      storage: { state: "full", free_bytes: 0 },
    });
    expect(await launch("true").catch((error: unknown) => error)).toMatchObject({
      code: "runtime_unavailable",
      message: expect.stringMatching(/^The disk is full: /),
    });

    const [first, second] = old.map(({ id }) => id);
    expect((await line.coven(["archive", first ?? ""])).code).toBe(0);
    expect((await line.coven(["sacrifice", second ?? "", "--yes"])).code).toBe(0);
    expect(await line.home.client.session(printing.id)).toMatchObject({ status: "running" });
    // What makes room works however often, also when the ballast has been given up for it.
    expect((await line.coven(["summon", first ?? ""])).code).toBe(0);

    rmSync(filler);
    await becomes("ok");
    await settled(printing.id);
    expect(await line.home.client.session(printing.id)).toMatchObject({ status: "failed", exit_code: 5 });
    await until("the ballast is back", () => size(ballast()) === BALLAST);
    const states = logLines(line.home.paths).filter(({ event }) => event === "storage");
    expect([states[0]?.["state"], states.at(-1)?.["state"]]).toEqual(["full", "ok"]);
  }, 60_000);

  test("a session is ended and settled on it", async () => {
    await started();
    const printing = await launch("exec yes");
    await prints(printing);
    fill();
    await becomes("full");
    await line.home.client.kill(printing.id);
    await settled(printing.id);
    expect(await line.home.client.session(printing.id)).toMatchObject({ status: "killed" });
  }, 60_000);

  test("an action that would wait is kept or refused; what waits is done once, or goes on waiting", async () => {
    await started();
    const { id: sessionId } = await launch("exec cat");
    const { client, paths } = line.home;
    const ask = () => client.actions({ action: "coven.session.kill", args: { sessionId } });
    const answer = await ask();
    const id = "approval" in answer ? answer.approval.id : "";
    const printing = await launch("exec yes");
    await prints(printing);
    fill();
    await becomes("full");
    // The last free page may take one more; what is answered with an id is there.
    const second = await ask().catch((error: unknown) => error);
    const kept = second instanceof Error ? 1 : 2;
    if (second instanceof Error) expect(second).toMatchObject({ code: "runtime_unavailable" });
    expect((await client.approvals()).approvals).toHaveLength(kept);
    const ownerKey = readOwnerKey(paths.ownerKey) ?? "";
    const approve = () => client.approveAction(id, { ownerKey });
    const early = await approve().catch((error: unknown) => error);
    if (early instanceof Error) {
      expect(early).toMatchObject({ code: "runtime_unavailable" });
      expect(await client.approval(id)).toMatchObject({ status: "pending" });
      expect(await client.session(sessionId)).toMatchObject({ status: "running" });
    }
    await client.kill(printing.id);
    rmSync(filler);
    await becomes("ok");
    if (early instanceof Error) expect(await approve()).toMatchObject({ status: "completed" });
    await settled(sessionId);
    expect(await client.approval(id)).toMatchObject({ status: "completed" });
    expect((await client.approvals()).approvals).toHaveLength(kept);
  }, 60_000);

  test("a stop ends sessions and keeps what they have printed", async () => {
    await started();
    const printing = await launch("exec yes");
    await prints(printing);
    fill();
    await becomes("full");
    const { code, err } = await line.coven(["daemon", "stop", "--force"]);
    expect([code, err]).toEqual([0, expect.stringContaining("The disk is full: ")]);
    expect(err).not.toContain("Given up");
    rmSync(filler);
    await line.home.start();
    expect(await line.home.client.session(printing.id)).toMatchObject({ status: "killed" });
  }, 60_000);

  test("it is seen also while nothing is recorded, and as long as it takes", async () => {
    await started();
    expect(await storage()).toBe("ok");
    fill();
    await becomes("full");
    expect(size(ballast())).toBe(BALLAST);
    rmSync(filler);
    await becomes("ok");
  }, 60_000);

  test("nothing is said again and again while it lasts: the log and the state stay as they are", async () => {
    await started();
    rmSync(ballast());
    const printing = await launch("exec yes");
    await prints(printing);
    fill();
    await until("output waits", async () => (await line.home.client.status()).storage.waitingSessions === 1);
    // Room for a small write, and for none of what is printed.
    truncateSync(filler, statSync(filler).size - 16 * 1024);
    const tries = (event: string) =>
      logLines(line.home.paths).filter((one) => one["event"] === event && one["sessionId"] === printing.id);
    await until("it was tried more than eight times", () => tries("output_waits").length >= 4);
    expect(logLines(line.home.paths).filter(({ event }) => event === "storage")).toHaveLength(1);
    expect(await storage()).toBe("full");
  }, 60_000);

  test("who looks at a session is told why it stands still, in one line that goes away", async () => {
    await started();
    const printing = await launch("echo begun; read -r go; seq 1 200000; printf 'the %s\\n' end; exec cat");
    const shown = inTerminal(line.home, ["attach", printing.id]);
    const piped = line.begin(["attach", printing.id]);
    const why = "The disk is full: what is printed waits until it can be recorded.";
    try {
      await until("it is shown", () => shown.shown().includes("begun") && piped.out().includes("begun"));
      fill();
      shown.type("\r");
      await until("it is said", () => shown.shown().includes(why));
      const doctor = await line.coven(["doctor"]);
      expect([doctor.code, doctor.out]).toEqual([
        1,
        expect.stringMatching(/problem +disk +The disk is full/),
      ]);
      const { storage } = await line.home.client.status();
      expect([storage.waitingSessions, storage.waitingBytes > 0]).toEqual([1, true]);
      await until("it is said on a pipe", () => piped.err().includes(why));
      // Who comes now is told as well.
      const late = inTerminal(line.home, ["attach", printing.id, "--observe"]);
      await until("it is said to the late one", () => late.shown().includes(why));
      const before = shown.shown().length;
      rmSync(filler);
      await until("all of it is shown", () => shown.shown().slice(before).includes("the end"));
      expect(shown.shown().slice(before)).not.toContain(why);
      await until("it is said to go on", () => piped.err().includes("The disk takes writes again"));
      await line.home.client.kill(printing.id);
      for (const one of [shown, late]) expect((await one.exit).exitCode).not.toBeNull();
      const { err } = await piped.left;
      expect(err.split(why)).toHaveLength(2);
    } finally {
      piped.kill("SIGKILL");
    }
  }, 60_000);

  test("a stop says what waits, and what is lost in the end", async () => {
    await started();
    rmSync(ballast());
    const printing = await launch("exec yes");
    await prints(printing);
    fill();
    await becomes("full");
    const { code, err } = await line.coven(["daemon", "stop", "--force"]);
    expect([code, err]).toEqual([
      0,
      expect.stringMatching(
        /^The disk is full: .*B that 1 session has printed is not recorded yet\. [\s\S]*Given up, for want of room on the disk: .*B that 1 session has printed, and how 1 session ended\./,
      ),
    ]);
    rmSync(filler);
    await line.home.start();
    expect(await line.home.client.session(printing.id)).toMatchObject({ status: "orphaned" });
  }, 60_000);

  test("a daemon starts on it by its ballast, and what makes room works", async () => {
    await started();
    const { id } = await launch("seq 100000");
    await settled(id);
    await stopDaemon(line.home.paths);
    fill();
    await line.home.start();
    expect(await storage()).toBe("full");
    expect((await line.coven(["sessions", "--plain"])).out).toContain(id.slice(0, 8));
    expect((await line.coven(["sacrifice", id, "--yes"])).code).toBe(0);
    rmSync(filler);
    await becomes("ok");
    expect((await launch("true")).status).toBe("running");
  }, 60_000);

  test("without any room a daemon starts to read, refuses the rest, and writes again by itself", async () => {
    await started();
    const { id } = await launch("echo something to read");
    await settled(id);
    await stopDaemon(line.home.paths);
    rmSync(ballast());
    fill();
    const pid = await line.home.start();
    expect(await storage()).toBe("full");
    expect((await line.coven(["sessions", "--plain"])).out).toContain(id.slice(0, 8));
    expect((await line.coven(["export", id, "--format", "text"])).out).toContain("something to read");
    expect(JSON.stringify(await line.home.client.events(id))).toContain("something to read");
    for (const words of [
      ["sacrifice", id, "--yes"],
      ["archive", id],
      ["run", "codex", "true", "--detach"],
    ]) {
      const { code, err } = await line.coven(words);
      const says = `The disk is full: ${line.home.paths.ledger} can only be read until 4 MB are free on it.`;
      // 1 may be the agent's own where one is run.
      const own = words[0] === "run" ? 125 : 1;
      expect([words[0], code, err]).toEqual([words[0], own, expect.stringContaining(says)]);
    }
    const doctor = await line.coven(["doctor"]);
    expect(doctor.out).toMatch(/warning +store +the daemon reads it/);
    const restart = await line.coven(["daemon", "restart"]);
    expect([restart.code, restart.err]).toEqual([1, expect.stringContaining("The disk is full: a daemon")]);
    rmSync(filler);
    await becomes("ok");
    expect((await line.home.client.health()).daemon?.pid).toBe(pid);
    expect((await launch("true")).status).toBe("running");
    expect((await line.coven(["archive", id])).code).toBe(0);
  }, 60_000);
});

const image = join(mkdtempSync(join(tmpdir(), "cv-e-")), "image");
afterAll(() => rmSync(dirname(image), { recursive: true, force: true }));

// As the kernel does it to a disk that fails; there is no way back but to mount it anew.
testUnless(noMounts(), without("mkfs.ext4", "e2fsck"), noLoops())(
  "a file system that becomes read only is said, what was recorded is read from it, and a daemon starts when it is mounted again",
  async () => {
    await using line = commandLine();
    line.home.script("codex", 'for prompt; do :; done\nexec sh -c "$prompt"');
    const { home } = line.home.paths;
    const { client, project: projectRoot } = line.home;
    mkdirSync(home);
    expect(mount("-o", "loop", image, home)).toBe(true);
    try {
      chmodSync(home, 0o700);
      await line.home.start();
      const prompt = "echo before; read -r go; echo after; exec cat";
      const { id } = await client.launch({ projectRoot, harness: "codex", prompt });
      const says = async (text: string) => JSON.stringify(await client.events(id)).includes(text);
      await until("it has begun", () => says("before"));
      expect(mount("-o", "remount,abort", home)).toBe(true);
      await client.input(id, "\r");
      await until("it is said", async () => (await client.health()).storage?.state !== "ok");
      // Some kernels call it read only, others fail each write of it.
      expect(["read_only", "failing"]).toContain((await client.health()).storage?.state ?? "");
      const launched = client.launch({ projectRoot, harness: "codex", prompt: "true" });
      expect(await launched.catch((error: unknown) => error)).toMatchObject({ code: "runtime_unavailable" });
      expect(await says("before")).toBe(true);
      await stopDaemon(line.home.paths, { force: true });
      // The daemon's process may hold it a moment longer than the lock.
      await until("nobody holds it", () => Bun.spawnSync(["umount", home]).exitCode === 0);
      Bun.spawnSync(["e2fsck", "-p", image]);
      expect(mount("-o", "loop", image, home)).toBe(true);
      await line.home.start();
      expect((await client.health()).storage).toEqual({ state: "ok" });
      await stopDaemon(line.home.paths);
    } finally {
      unmount(home);
    }
  },
  60_000,
);

/** A loop device may be missing although mounts are allowed. */
function noLoops(): Lack {
  if (noMounts() || without("mkfs.ext4")) return "needs a loop device";
  writeFileSync(image, Buffer.alloc(24 * 1024 * 1024));
  Bun.spawnSync(["mkfs.ext4", "-q", image]);
  const place = mkdtempSync(join(tmpdir(), "cv-l-"));
  const mounted = mount("-o", "loop", image, place);
  if (mounted) unmount(place);
  rmSync(place, { recursive: true, force: true });
  return mounted ? undefined : "needs a loop device";
}
