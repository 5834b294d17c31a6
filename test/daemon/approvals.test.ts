// An approval outlives its daemon: one that is stopped, one that is killed, one that is replaced in place.
import { expect, test } from "bun:test";
import { readOwnerKey } from "../../src/owner-key.ts";
import { posixPtyHost } from "../../src/pty/posix.ts";
import { stopDaemon } from "../../src/supervise/lifecycle.ts";
import { type DaemonHome, daemonHome, gone, until } from "../support/daemon-home.ts";
import { restartInPlace } from "../support/in-place.ts";
import { signalOwn } from "../support/signal.ts";
import { testUnless } from "../support/unless.ts";

const lack = posixPtyHost() ? undefined : "not Linux, or its C library is too old";

/** A session that is over, and a wish to delete it. */
async function asked(home: DaemonHome): Promise<{ id: string; sessionId: string }> {
  home.script("codex", "exit 0");
  const { id: sessionId } = await home.client.launch({
    projectRoot: home.project,
    harness: "codex",
    prompt: "x",
  });
  await until("it is over", async () => (await home.client.session(sessionId)).status === "completed");
  const action = "coven.session.sacrifice";
  const answer = await home.client.actions({ action, origin: "bridge", args: { sessionId } });
  if (!("approval" in answer)) throw new Error(`no approval: ${JSON.stringify(answer)}`);
  return { id: answer.approval.id, sessionId };
}

async function approved(home: DaemonHome, id: string): Promise<unknown> {
  const ownerKey = readOwnerKey(home.paths.ownerKey);
  if (ownerKey === undefined) throw new Error("no key");
  return await home.client.approveAction(id, { ownerKey });
}

test("a daemon that was stopped, and one that was killed", async () => {
  await using home = daemonHome();
  await home.start();
  const before = readOwnerKey(home.paths.ownerKey);
  const { id, sessionId } = await asked(home);
  await stopDaemon(home.paths);
  const pid = await home.start();
  expect(await home.client.approval(id)).toMatchObject({ status: "pending", origin: "bridge" });
  signalOwn(pid, "SIGKILL");
  await gone(home.paths);
  await home.start();
  expect(readOwnerKey(home.paths.ownerKey)).not.toBe(before);
  const old = home.client.approveAction(id, { ownerKey: before ?? "" });
  expect(await old.catch((error: unknown) => error)).toMatchObject({ code: "forbidden" });
  expect(await approved(home, id)).toMatchObject({ status: "completed", decidedBy: "owner" });
  expect(await home.client.session(sessionId).catch((error: unknown) => error)).toMatchObject({
    code: "session_not_found",
  });
});

testUnless(lack)(
  "one that is replaced in place: who waits for the answer goes on by its last event",
  async () => {
    await using home = daemonHome();
    await home.start();
    const { id } = await asked(home);
    const first: number[] = [];
    const waiting = (async () => {
      for await (const { seq } of home.client.approvalEvents(id)) first.push(seq);
    })();
    await until("it has seen the asking", () => first.length === 1);
    await restartInPlace(home);
    await waiting;
    const kinds: string[] = [];
    const again = (async () => {
      for await (const { kind } of home.client.approvalEvents(id, { afterSeq: first[0] ?? 0 }))
        kinds.push(kind);
    })();
    await approved(home, id);
    await again;
    expect(kinds).toEqual(["approved", "completed"]);
  },
);

test("a wait that a killed daemon had begun is gone on with by the next", async () => {
  await using home = daemonHome();
  home.script("codex", "exec sleep 600");
  const first = await home.start();
  const { id: sessionId } = await home.client.launch({
    projectRoot: home.project,
    harness: "codex",
    prompt: "x",
  });
  const answer = await home.client.actions({ action: "coven.session.wait", args: { sessionId } });
  const id = "approval" in answer ? answer.approval.id : "";
  expect(await home.client.approval(id)).toMatchObject({ status: "approved" });
  signalOwn(first, "SIGKILL");
  await gone(home.paths);
  await home.start();
  // The session ended with its daemon, which is what was waited for.
  const over = await until("it is over", async () => {
    const approval = await home.client.approval(id);
    return approval.status === "approved" ? undefined : approval;
  });
  expect(over).toMatchObject({ status: "completed", result: { event: { payload: { outcome: "came" } } } });
});
