// Memory that runs out: a harness goes before the daemon, its record says why, and a launch can be refused before.
import { expect } from "bun:test";
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { daemonHome } from "../support/daemon-home.ts";
import { runs, signalOwn } from "../support/signal.ts";
import { notLinux, testUnless } from "../support/unless.ts";

testUnless(notLinux)("a harness, and what it starts, has a higher score than the daemon", async () => {
  await using home = daemonHome();
  home.script("codex", "read -r go; cat /proc/self/oom_score_adj; exec sleep 60");
  const daemon = await home.start();
  const { id } = await home.client.launch({ projectRoot: home.project, harness: "codex", prompt: "go" });
  await home.client.input(id, "\r");
  const own = Number(readFileSync(`/proc/${daemon}/oom_score_adj`, "utf8"));
  for (;;) {
    const { lines } = await home.client.screen(id);
    // The row may be there before what stands in it.
    if (/^-?\d+$/.test(lines[1] ?? "")) {
      expect(Number(lines[1])).toBe(Math.min(1_000, own + 500));
      break;
    }
    await Bun.sleep(10);
  }
});

testUnless(notLinux)("a launch is refused while less memory is free than the setting asks for", async () => {
  await using home = daemonHome();
  mkdirSync(home.paths.home, { mode: 0o700 });
  writeFileSync(home.paths.config, `[launch]\nfree_memory = ${Number.MAX_SAFE_INTEGER}\n`);
  home.script("codex", "exit 0");
  await home.start();
  const launch = home.client.launch({ projectRoot: home.project, harness: "codex", prompt: "go" });
  await expect(launch).rejects.toMatchObject({
    code: "runtime_unavailable",
    details: { neededBytes: Number.MAX_SAFE_INTEGER },
  });
  expect(await home.client.sessions()).toEqual([]);
});

const group = join("/sys/fs/cgroup/memory", `coven-test-${process.pid}`);
const grouped = notLinux === undefined && makeGroup();

// Regression: in a group of 300 MB with six growing agents the daemon went first, three times of three, and with it what all of them had printed.
testUnless(grouped ? undefined : "a memory group can't be made here")(
  "in a group that runs out of memory the agent that grows goes, the daemon stays, and the record says why",
  async () => {
    await using home = daemonHome();
    // Doubles a string until it is ended.
    home.script("codex", `read -r go; exec awk 'BEGIN { s = "x"; while (1) s = s s }'`);
    const daemon = await home.start();
    writeFileSync(join(group, "cgroup.procs"), String(daemon));
    writeFileSync(join(group, "memory.limit_in_bytes"), String(300 << 20));
    const ids: string[] = [];
    for (let i = 0; i < 6; i++) {
      ids.push((await home.client.launch({ projectRoot: home.project, harness: "codex", prompt: "go" })).id);
    }
    for (const id of ids) await home.client.input(id, "\r");
    for (const id of ids) {
      while ((await home.client.session(id)).status === "running") await Bun.sleep(20);
      expect(await home.client.session(id)).toMatchObject({ status: "failed", signal: "SIGKILL" });
      const { events } = await home.client.events(id);
      const said = events.map(({ payload_json }) => JSON.parse(payload_json).event).filter(Boolean);
      expect(said).toContain("out_of_memory");
    }
    expect(runs(daemon)).toBe(true);
    expect((await home.client.health()).daemon?.pid).toBe(daemon);
  },
  60_000,
);

// Regression: whatever the kernel had ended anywhere on the machine since the session began was taken for it.
testUnless(grouped ? undefined : "a memory group can't be made here")(
  "a harness that somebody else ended by SIGKILL is not said to have run out of memory because a stranger did",
  async () => {
    await using home = daemonHome();
    home.script("codex", "exec sleep 600");
    await home.start();
    const { id, pid } = await home.client.launch({
      projectRoot: home.project,
      harness: "codex",
      prompt: "go",
    });
    if (pid === null) throw new Error("a live session has a pid");
    writeFileSync(join(group, "memory.limit_in_bytes"), String(300 << 20));
    const greedy = `echo $$ > ${group}/cgroup.procs; exec awk 'BEGIN { s = "x"; while (1) s = s s }'`;
    // Now and then it is quicker than the kernel, and ends by a fault of its own.
    const before = kills();
    while (kills() === before) {
      await Bun.spawn(["/bin/sh", "-c", greedy], { stdout: "ignore", stderr: "ignore" }).exited;
    }
    signalOwn(pid, "SIGKILL");
    while ((await home.client.session(id)).status === "running") await Bun.sleep(20);
    const { events } = await home.client.events(id);
    expect(events.map(({ payload_json }) => JSON.parse(payload_json).event).filter(Boolean)).toEqual([]);
  },
  60_000,
);

/** How many programs the kernel has ended in the group. */
function kills(): number {
  return Number(/^oom_kill (\d+)/m.exec(readFileSync(join(group, "memory.oom_control"), "utf8"))?.[1] ?? 0);
}

function makeGroup(): boolean {
  try {
    mkdirSync(group);
    process.on("exit", () => removeGroup());
    return existsSync(join(group, "memory.limit_in_bytes"));
  } catch {
    return false;
  }
}

function removeGroup(): void {
  try {
    rmdirSync(group);
  } catch {
    // Somebody is in it still; the system takes it away with the machine.
  }
}
