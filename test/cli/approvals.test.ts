// `coven approvals`: what waits is shown, and the owner decides.
import { expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { type CommandLine, commandLine } from "../support/command-line.ts";
import { until } from "../support/daemon-home.ts";

async function ready(line: CommandLine): Promise<string> {
  line.home.script("codex", "exit 0");
  await line.home.start();
  const { client, project } = line.home;
  const { id } = await client.launch({ projectRoot: project, harness: "codex", prompt: "x" });
  await until("it is over", async () => (await client.session(id)).status === "completed");
  return id;
}

async function ask(line: CommandLine, args: object, action = "coven.session.sacrifice"): Promise<string> {
  const answer = await line.home.client.actions({ action, origin: "brid\u001b[2Jge", args });
  if (!("approval" in answer)) throw new Error("no approval");
  return answer.approval.id.replace("apr-", "");
}

test("listed, approved, denied, and what became of them", async () => {
  await using line = commandLine();
  const sessionId = await ready(line);
  expect(await line.coven(["approvals"])).toEqual({
    code: 0,
    out: "",
    err: "Nothing waits for your approval.\n",
  });
  const first = await ask(line, { sessionId });
  const second = await ask(line, { sessionId });
  const list = await line.coven(["approvals"]);
  expect(list.code).toBe(0);
  const blocks = list.out.trimEnd().split(/\n(?! )/);
  expect(blocks.map((block) => block.slice(0, 8))).toEqual([second.slice(0, 8), first.slice(0, 8)]);
  expect(blocks[0]?.split("\n").map((text) => text.slice(10))).toEqual([
    "Delete a session and all it printed, for good",
    expect.stringMatching(/^coven\.session\.sacrifice, asked .+ by brid.*ge, 9m left$/),
    `sessionId: ${sessionId} (x)`,
  ]);
  expect(list.out).not.toContain("\u001b");
  expect(list.err).toContain("coven approvals approve ID");
  const json = JSON.parse((await line.coven(["approvals", "list", "--json"])).out);
  expect(json.approvals).toHaveLength(2);

  const denied = await line.coven(["approvals", "deny", second.slice(0, 8), "--reason", "keep it"]);
  expect(denied).toMatchObject({ code: 0, err: "" });
  expect(denied.out).toStartWith(`denied ${second.slice(0, 8)}: coven.session.sacrifice {`);
  const approved = await line.coven(["approvals", "approve", `apr-${first}`, "--json"]);
  expect(JSON.parse(approved.out)).toMatchObject({ status: "completed", decidedBy: "owner" });
  const all = await line.coven(["approvals", "--all"]);
  expect(all.out).toContain("denied (owner)\n");
  expect(all.out).toContain("reason: keep it\n");
  expect(all.out).toContain("completed (owner)\n");
  expect(await line.coven(["approvals", "approve", first])).toMatchObject({
    code: 1,
    err: "Error: This approval is completed already.\nTry: coven approvals --all   (says what became of it)\n",
  });
});

test("what fails after the approval is said, and ends with 1", async () => {
  await using line = commandLine();
  await ready(line);
  line.home.script("codex", "exec sleep 600");
  const { client, project } = line.home;
  const { id: sessionId } = await client.launch({ projectRoot: project, harness: "codex", prompt: "x" });
  const id = await ask(line, { sessionId }, "coven.session.kill");
  expect((await line.coven(["kill", sessionId])).code).toBe(0);
  expect(await line.coven(["approvals", "approve", id])).toEqual({
    code: 1,
    out: "",
    err: `Error: Approved, and it failed: Session ${sessionId} is not running.\nTry: coven approvals --all   (keeps what became of it)\n`,
  });
});

test("no agent in a session decides, a wrong id is said, and without the key nobody decides", async () => {
  await using line = commandLine();
  const sessionId = await ready(line);
  const id = await ask(line, { sessionId });
  const inside = await line.coven(["approvals", "approve", id], { env: { COVEN_SESSION_ID: "x" } });
  expect(inside).toMatchObject({ code: 1, out: "" });
  expect(inside.err).toContain("inside a session");
  expect(await line.coven(["approvals", "approve", "ab"])).toMatchObject({ code: 2 });
  expect((await line.coven(["approvals", "approve", "abcdef01"])).err).toContain("Approval not found");
  rmSync(line.home.paths.ownerKey);
  const without = await line.coven(["approvals", "approve", id]);
  expect(without.code).toBe(1);
  expect(without.err).toContain("owner.key");
  expect(await line.home.client.approval(`apr-${id}`)).toMatchObject({ status: "pending" });
});
