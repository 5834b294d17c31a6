// What a launch asks for beside its prompt: honoured and recorded, or refused with the member's name; never dropped.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ask } from "../support/raw.ts";
import { startTestDaemon, type TestDaemon } from "../support/test-daemon.ts";

let daemon: TestDaemon;
beforeAll(async () => {
  daemon = await startTestDaemon();
});
afterAll(() => daemon.close());

async function launch(members: object, harness = "codex") {
  const body = { projectRoot: daemon.project, harness, prompt: "exit 0", ...members };
  const { status, body: text } = await ask(daemon.socket, "POST /sessions", JSON.stringify(body));
  return { status, body: JSON.parse(text) };
}

test.each([
  ["familiarId", "nobody"],
  ["sessionPolicy", { contract: "coven.session-policy.v1" }],
  ["executionBinding", {}],
  ["requestAdoption", {}],
  ["conversation", { mode: "init", id: "c1" }],
  ["conversation", { mode: "resume", id: "--yolo" }],
  ["conversation", { mode: "fork", id: "c1" }],
  ["permission", "half"],
  ["permission", ["read-only"]],
  ["model", "--yolo"],
  ["model", 5],
  ["model", "openai/"],
  ["addDirs", "/"],
  ["addDirs", ["relative"]],
  ["addDirs", ["/nowhere/at/all"]],
  ["launchPolicy", { approval: "never", sandbox: "danger-full-access" }],
  ["launchPolicy", { approval: "never", sandbox: "workspace-write", network: false }],
  ["launchPolicy", { approval: "never", sandbox: "workspace-write" }],
  ["launchPolicy", "strict"],
])("%s %p is refused with its name, and nothing is launched", async (field, value) => {
  const before = daemon.ledger.activeSessions().length;
  const { status, body } = await launch({ [field]: value });
  expect(status).toBe(400);
  expect(body.error.code).toBe("invalid_request");
  expect(body.error.details.field.split(".")[0]).toBe(field);
  expect(daemon.ledger.activeSessions()).toHaveLength(before);
});

test("unset members, as published clients write them, ask for nothing", async () => {
  const nothing = {
    model: null,
    permission: null,
    addDirs: null,
    familiarId: null,
    conversation: null,
    launchPolicy: null,
  };
  const { status, body } = await launch({ ...nothing, sessionPolicy: null });
  expect(status).toBe(201);
  expect(body).toMatchObject({
    model: null,
    permission: null,
    add_dirs: [],
    conversation_id: null,
    familiar_id: null,
  });
  const blank = await launch({ model: " ", familiarId: "", callerFamiliarId: " ", conversationId: "" });
  expect(blank.body).toMatchObject({ model: null, familiar_id: null, conversation_id: null });
});

test("what is honoured reaches the harness's arguments and the record", async () => {
  const real = join(daemon.dir, "real");
  mkdirSync(real);
  symlinkSync(real, join(daemon.dir, "link"));
  const shows = join(daemon.dir, "bin", "claude");
  writeFileSync(shows, "#!/bin/sh\nfor word; do printf '[%s]' \"$word\"; done\n", { mode: 0o755 });
  const asked = {
    model: "anthropic/opus",
    permission: "read-only",
    addDirs: [join(daemon.dir, "link"), real],
    conversation: { mode: "resume", id: "c-1" },
    cols: 500,
  };
  const { status, body } = await launch(asked, "claude");
  expect(status).toBe(201);
  expect(body).toMatchObject({
    model: "anthropic/opus",
    permission: "read-only",
    add_dirs: [real],
    conversation_id: "c-1",
  });
  await daemon.settled(body.id);
  expect(daemon.coven.screen(body.id).lines.join("")).toBe(
    `[--model][opus][--permission-mode][plan][--disallowed-tools=Bash,Edit,NotebookEdit,Write][--add-dir=${real}][--resume][c-1][exit 0]`,
  );
});

test("launchMode stream: the harness's lines of JSON are the output; who has none is refused, and no row is made", async () => {
  const { status, body } = await launch({ launchMode: "stream", prompt: 'echo \'{"type":"x"}\'' });
  expect([status, body.launch_mode]).toEqual([201, "stream"]);
  await daemon.settled(body.id);
  const [row] = daemon.ledger.output(body.id, 0, 1_000_000);
  expect(new TextDecoder().decode(row?.data)).toBe('{"type":"x"}\r\n');
  const before = daemon.ledger.activeSessions().length;
  const refused = await launch({ launchMode: "stream" }, "demo");
  expect([refused.status, refused.body.error.code]).toEqual([400, "invalid_request"]);
  expect(refused.body.error.details).toMatchObject({ field: "launchMode", harness: "demo" });
  expect(daemon.ledger.activeSessions()).toHaveLength(before);
});

test("a familiar is said in front of the prompt, and stands in the record; the title is the prompt's", async () => {
  const file = join(daemon.dir, "familiars.toml");
  writeFileSync(file, '[[familiar]]\nid = "sage"\ndisplay_name = "Sage"\nrole = "reader"\n');
  const shows = join(daemon.dir, "bin", "codex");
  const before = readFileSync(shows, "utf8");
  writeFileSync(shows, "#!/bin/sh\nfor prompt; do :; done\nprintf '%s' \"$prompt\"\n");
  const { status, body } = await launch({ familiarId: "sage", prompt: "hello" });
  expect([status, body.familiar_id, body.title]).toEqual([201, "sage", "hello"]);
  await daemon.settled(body.id);
  const [row] = daemon.ledger.output(body.id, 0, 1_000_000);
  const said = "You are Sage (id sage); answer as that familiar.\r\nRole: reader\r\n\r\nhello";
  expect(new TextDecoder().decode(row?.data)).toBe(said);
  writeFileSync(shows, before);
  const unknown = await launch({ familiarId: "rook" });
  expect(unknown.body.error.details).toMatchObject({ field: "familiarId", known: ["sage"] });
  rmSync(file);
});

test("labels and visibility are kept as given", async () => {
  const { body } = await launch({ labels: ["nightly", "team:a"], visibility: "shared" });
  expect(daemon.coven.session(body.id)).toMatchObject({
    labels: ["nightly", "team:a"],
    visibility: "shared",
  });
  for (const [field, value] of Object.entries({ labels: ["a b"], visibility: "public" })) {
    const refused = await launch({ [field]: value });
    expect([refused.status, refused.body.error.details.field.split(".")[0]]).toEqual([400, field]);
  }
});

test("one policy there is: an unattended codex, nonInteractive; said together with what it says it is refused", async () => {
  const launchPolicy = { approval: "never", sandbox: "workspace-write", addDirs: [daemon.dir] };
  const { status, body } = await launch({ launchPolicy, launchMode: "nonInteractive" });
  expect([status, body.add_dirs]).toEqual([201, [daemon.dir]]);
  const twice = await launch({ launchPolicy, permission: "full", launchMode: "nonInteractive" });
  expect(twice.body.error.details.field).toBe("launchPolicy");
  expect((await daemon.client.health()).capabilities).toMatchObject({
    sessionLaunchPolicy: true,
    permission: true,
  });
});
