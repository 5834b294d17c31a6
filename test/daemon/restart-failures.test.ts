// A restart that can't be: the old daemon goes on as it was, its sessions notice nothing, and it says why.
import { expect } from "bun:test";
import {
  appendFileSync,
  chmodSync,
  chownSync,
  copyFileSync,
  mkdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { posixPtyHost } from "../../src/pty/posix.ts";
import { stopDaemon } from "../../src/supervise/lifecycle.ts";
import { daemonHome, logLines, MAIN, until } from "../support/daemon-home.ts";
import { restartInPlace } from "../support/in-place.ts";
import { mount, noMounts, unmount } from "../support/mount.ts";
import { rejectionOf } from "../support/refusal.ts";
import { notRoot, testUnless } from "../support/unless.ts";

const lack = posixPtyHost() ? undefined : "not Linux, or its C library is too old";
const test = testUnless(lack);

/** A daemon with one session that answers what is typed. */
async function talking() {
  const at = daemonHome();
  at.script("codex", 'while read -r line; do echo "heard $line"; done');
  const pid = await at.start();
  const { id } = await at.client.launch({ projectRoot: at.project, harness: "codex", prompt: "x" });
  let words = 0;
  return {
    at,
    pid,
    /** Throws unless the session is as alive as ever, in the daemon that was there from the start. */
    async unharmed() {
      words += 1;
      await at.client.input(id, `word${words}\r`);
      await until("it answers", async () =>
        Buffer.concat(await Array.fromAsync(at.client.output(id))).includes(`heard word${words}\r\n`),
      );
      expect((await at.client.health()).daemon?.pid).toBe(pid);
    },
    program(name: string, text: string): string {
      const path = join(at.base, name);
      writeFileSync(path, text);
      chmodSync(path, 0o755);
      return path;
    },
  };
}

test("what nobody should be made to run is refused at once", async () => {
  const { at, pid, program, unharmed } = await talking();
  await using _ = at;
  const open = program("open", "#!/bin/sh\n");
  chmodSync(open, 0o757);
  const inert = program("inert", "#!/bin/sh\n");
  chmodSync(inert, 0o644);
  mkdirSync(join(at.base, "folder"));
  for (const [command, why] of [
    [["coven"], "must begin with an absolute path"],
    [[join(at.base, "nothing")], "is no file"],
    [[join(at.base, "folder")], "is no file"],
    [[open], "may be changed by anybody"],
    [[process.execPath, open], "may be changed by anybody"],
    [[inert], "may not be executed"],
  ] as const) {
    const said = await rejectionOf(at.client.restart({ pid, command: [...command] }));
    expect([said.code, said.message]).toEqual(["invalid_request", expect.stringContaining(why)]);
  }
  expect((await at.client.restarting()).restart).toBeNull();
  await unharmed();
});

testUnless(lack, notRoot)("another user's program is refused", async () => {
  const { at, pid, program } = await talking();
  await using _ = at;
  const foreign = program("foreign", "#!/bin/sh\n");
  chownSync(foreign, 12_345, 12_345);
  const said = await rejectionOf(at.client.restart({ pid, command: [foreign] }));
  expect([said.code, said.message]).toEqual([
    "invalid_request",
    expect.stringContaining("belongs to another user"),
  ]);
});

test("a program that is none, is silent, crashes, or is of another make: the daemon goes on, and says why", async () => {
  const { at, program, unharmed } = await talking();
  await using _ = at;
  // Of another machine: the header of an executable with an unknown machine in it.
  const foreign = program("other-machine", "");
  copyFileSync(process.execPath, foreign);
  const file = Bun.file(foreign);
  const bytes = new Uint8Array(await file.arrayBuffer());
  bytes.set([0xf3, 0x7f], 18);
  await Bun.write(foreign, bytes.subarray(0, 1_000_000));
  chmodSync(foreign, 0o755);
  // A wrapper that takes everything out of the environment would lose the sessions.
  const wrapper = program(
    "wrapper",
    `#!/bin/sh\nexec env -i PATH=/usr/bin:/bin COVEN_HOME=${at.paths.home} COVEN_REPORT_FD=$COVEN_REPORT_FD ${process.execPath} ${MAIN} "$@"\n`,
  );
  const older = program("older", `#!/bin/sh\necho '{"outcome":"ready"}' >&$COVEN_REPORT_FD\n`);
  const newer = program("newer", `#!/bin/sh\necho '{"outcome":"ready","handover":[2]}' >&$COVEN_REPORT_FD\n`);
  for (const [command, why] of [
    ["/bin/true", "it ended without a word (exit code 0)"],
    [program("crash", "#!/bin/sh\nkill -SEGV $$\n"), "it ended without a word (SIGSEGV)"],
    [foreign, "could not be"],
    [older, "it knows no way to take over from this daemon"],
    [newer, "it knows no way to take over from this daemon"],
    [wrapper, "it knows no way to take over from this daemon"],
  ] as const) {
    const { refused } = await restartInPlace(at, [command]);
    if (command !== foreign) expect(refused).toContain(why);
    else expect(refused).not.toBeNull();
    await unharmed();
  }
  expect(logLines(at.paths).filter(({ event }) => event === "restart_refused")).toHaveLength(6);
});

test("a program that hangs is ended with its children, and the daemon goes on", async () => {
  const { at, program, unharmed } = await talking();
  await using _ = at;
  const mark = join(at.base, "hangs");
  const hangs = program("hangs.sh", `#!/bin/sh\nsleep 600 & echo $! $$ > ${mark}; wait\n`);
  const { pid } = (await at.client.health()).daemon ?? { pid: 0 };
  await at.client.restart({ pid, command: [hangs] });
  const pids = await until("it hangs", async () => {
    const text = await Bun.file(mark)
      .text()
      .catch(() => "");
    return text.endsWith("\n") && text.trim().split(" ").map(Number);
  });
  // While it is looked at, everybody is served.
  await unharmed();
  expect((await at.client.restarting()).restart?.state).toBe("checking");
  const asked = await until(
    "it is given up",
    async () => {
      const { restart } = await at.client.restarting();
      return restart?.state === "refused" && restart;
    },
    20_000,
  );
  expect(asked.reason).toContain("it did not answer within 10000 ms");
  for (const one of pids) await until("it is gone", () => !runs(one));
  await unharmed();
  // And the next one may.
  expect(await restartInPlace(at)).toMatchObject({ pid, refused: null });
  await unharmed();
}, 30_000);

function runs(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}

test("a ledger that the program does not know, and settings that it refuses", async () => {
  const { at, unharmed } = await talking();
  await using _ = at;
  writeFileSync(at.paths.config, "[retention]\ndays = -1\n");
  const { refused } = await restartInPlace(at);
  expect(refused).toContain("retention.days");
  await unharmed();
});

testUnless(lack, noMounts())(
  "on a full disk nothing is replaced, and what waits for room is recorded when there is some",
  async () => {
    await using at = daemonHome();
    at.script("codex", 'for prompt; do :; done\nexec sh -c "$prompt"');
    mkdirSync(at.paths.home, { mode: 0o700 });
    expect(mount("-t", "tmpfs", "-o", "size=24m,mode=700", "none", at.paths.home)).toBe(true);
    const filler = join(at.paths.home, "filler");
    try {
      const pid = await at.start();
      const { id } = await at.client.launch({
        projectRoot: at.project,
        harness: "codex",
        prompt: "read -r x; seq 1 20000; exit 4",
      });
      // To the last byte, and again what was set aside for this day.
      const full = async () => {
        for (const piece of [1024 * 1024, 4096, 64]) {
          try {
            for (;;) appendFileSync(filler, Buffer.alloc(piece));
          } catch {
            // Full.
          }
        }
        return (await at.client.health()).storage?.state === "full";
      };
      await until("the disk is full", full);
      await at.client.input(id, "\r");
      const { refused } = await restartInPlace(at);
      expect(refused).toContain("full");
      rmSync(filler);
      await until("there is room", async () => (await at.client.health()).storage?.state === "ok");
      expect(await restartInPlace(at)).toMatchObject({ pid, refused: null });
      const session = await until("it has ended", async () => {
        const found = await at.client.session(id);
        return found.status !== "running" && found;
      });
      expect(session).toMatchObject({ status: "failed", exit_code: 4 });
      const text = Buffer.concat(await Array.fromAsync(at.client.output(id))).toString();
      const numbers = Array.from({ length: 20_000 }, (_, i) => `${i + 1}\r\n`).join("");
      expect(text === `\r\n${numbers}`).toBe(true);
    } finally {
      rmSync(filler, { force: true });
      await stopDaemon(at.paths, { force: true });
      unmount(at.paths.home);
    }
  },
  30_000,
);

test("a program that could be the daemon, and then can't serve after all: its sessions are orphaned, and say why", async () => {
  const { at, program } = await talking();
  await using _ = at;
  const [session] = await at.client.sessions();
  const { socket } = at.paths;
  // Between the look and the start somebody puts a directory in the socket's place.
  const trap = program(
    "trap",
    `#!/bin/sh\n[ "$3" = --check ] || { rm -f ${socket}; mkdir ${socket}; }\nexec ${process.execPath} ${MAIN} "$@"\n`,
  );
  const { pid } = (await at.client.health()).daemon ?? { pid: 0 };
  await at.client.restart({ pid, command: [trap] });
  await until("it has ended", () => !runs(pid));
  rmdirSync(socket);
  await at.start();
  const id = session?.id ?? "";
  expect(await at.client.session(id)).toMatchObject({ status: "orphaned" });
  const { events } = await at.client.events(id);
  const orphaned = events
    .map(({ payload_json }) => JSON.parse(payload_json))
    .filter(({ event }) => event === "orphaned");
  expect(orphaned).toMatchObject([{ reason: "the daemon was replaced, and the new one could not serve" }]);
});
