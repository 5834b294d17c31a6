// Holds notifications: a real daemon, real programs that are told; once per change, and not for what somebody looks at.
import { afterEach, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type CommandLine, commandLine } from "../support/command-line.ts";
import { until } from "../support/until.ts";

setDefaultTimeout(30_000);

let line: CommandLine;
afterEach(() => line[Symbol.asyncDispose]());

const osc = (payload: string) => `printf '\\033]7501;${payload}\\033\\\\'`;

interface Told {
  readonly event: string;
  readonly variables: Readonly<Record<string, string>>;
  readonly session: { readonly id: string; readonly status: string; readonly attention: unknown } | null;
}

/** A home whose user is told by a program that writes down what it gets. */
async function home() {
  line = commandLine();
  const { bin, base } = line.home;
  line.home.script("codex", 'for prompt; do :; done\nexec sh -c "$prompt"');
  const file = join(base, "told");
  line.home.script(
    "tell",
    `{ env | grep '^COVEN_NOTIFY_\\|^COVEN_SESSION_ID'; echo ---; cat; echo ===; } >>${file}`,
  );
  const set = async (key: string, value: string) => {
    const { code, err } = await line.coven(["config", "set", key, value]);
    if (code !== 0) throw new Error(err);
  };
  const told = (): Told[] => {
    if (!existsSync(file)) return [];
    const parts = readFileSync(file, "utf8").split("\n===\n");
    return parts.slice(0, -1).map((part) => {
      const [variables = "", json = ""] = part.split("\n---\n");
      const pairs = variables.split("\n").map((one): [string, string] => {
        const at = one.indexOf("=");
        return [one.slice(0, at), one.slice(at + 1)];
      });
      return { ...JSON.parse(json), variables: Object.fromEntries(pairs) };
    });
  };
  await line.home.start();
  return { set, told, tell: join(bin, "tell") };
}

async function launch(script: string): Promise<string> {
  return (await line.coven(["run", "codex", script, "--detach"])).out.trim();
}

test("a program is told of a question, of done and of the end: once each, with the session in its environment and on stdin", async () => {
  const { set, told, tell } = await home();
  await set("notify.command", JSON.stringify([tell]));
  const ask = osc(`state=blocked:kind=permission:msg=${btoa("Run it?\x1b[31m; $(touch x)")}`);
  const id = await launch(
    `${ask}; ${ask}; read x; ${osc("state=working")}; ${osc("state=done")}; read x; exit 3`,
  );
  await until("it was told", () => told().length === 1);
  await line.home.client.input(id, "\n");
  await until("done was told", () => told().length === 2);
  await line.home.client.input(id, "\n");
  await until("the end was told", () => told().length === 3);
  const all = told();
  expect(all.map(({ event }) => event)).toEqual(["waiting", "done", "ended"]);
  expect(all[0]?.variables).toEqual({
    COVEN_NOTIFY_EVENT: "waiting",
    COVEN_NOTIFY_SESSION: id,
    COVEN_NOTIFY_HARNESS: "codex",
    COVEN_NOTIFY_TITLE: expect.any(String),
    COVEN_NOTIFY_PROJECT: line.home.project,
    COVEN_NOTIFY_KIND: "permission",
    COVEN_NOTIFY_MESSAGE: "Run it? [31m; $(touch x)",
  });
  expect(all[0]?.session).toMatchObject({ id, attention: { state: "waiting" } });
  expect(all[2]?.session).toMatchObject({ id, status: "failed" });
});

test("nobody is told of a session that is attached to, nor of one that was killed", async () => {
  const { set, told, tell } = await home();
  await set("notify.command", JSON.stringify([tell]));
  const id = await launch(`read x; ${osc("state=blocked")}; read x; ${osc("state=done")}; read x`);
  const shown = Promise.withResolvers<void>();
  const viewer = line.home.client.attach(id, { frame() {}, bytes: () => shown.resolve(), closed() {} });
  await shown.promise;
  await line.home.client.input(id, "\n");
  await until("it waits", async () => (await line.home.client.session(id)).attention?.state === "waiting");
  // Its terminal goes into the background.
  viewer.type(Buffer.from("\x1b[O"));
  await line.home.client.input(id, "\n");
  await until("done was told", () => told().length > 0);
  viewer.close();
  await line.coven(["kill", id]);
  await line.coven(["notify", "test"]);
  expect(told().map(({ event }) => event)).toEqual(["done", "test"]);
});

test("coven notify test says what works, and what does not and why", async () => {
  const { set, told, tell } = await home();
  expect(await line.coven(["notify", "test"])).toMatchObject({ code: 1, out: "" });
  await set("notify.command", JSON.stringify([tell, "an argument"]));
  expect(await line.coven(["notify", "test"])).toEqual({ code: 0, out: "notify.command: told\n", err: "" });
  expect(told().map(({ event, session }) => [event, session])).toEqual([["test", null]]);
  for (const [command, problem] of [
    ["/nowhere/tell", "/nowhere/tell"],
    ["false", "false: exit code 1"],
  ]) {
    await set("notify.command", JSON.stringify([command]));
    const { code, err } = await line.coven(["notify", "test"]);
    expect([code, err]).toEqual([1, expect.stringContaining(problem ?? "")]);
  }
  const { out } = await line.coven(["logs", "--level", "warn"]);
  expect(out).toContain("notification_failed");
});

test("the desktop is told by notify-send, with text that is no option and no markup", async () => {
  const { set } = await home();
  const file = join(line.home.base, "sent");
  line.home.script("notify-send", `for a; do printf '%s\\n' "$a"; done >>${file}`);
  await set("notify.desktop", "true");
  const id = await launch(
    `${osc(`state=blocked:kind=question:msg=${btoa("-x <b>really</b> & so?")}`)}; read x`,
  );
  await until("it was told", () => existsSync(file) && readFileSync(file, "utf8").split("\n").length > 4);
  expect(readFileSync(file, "utf8").trim().split("\n")).toEqual([
    "--app-name=coven",
    "--",
    "codex asks a question",
    "-x &lt;b>really&lt;/b> &amp; so?",
  ]);
  await line.coven(["kill", id]);
});

test("a program is told of an action that waits for approval: what is asked for, and by whom", async () => {
  const { set, told, tell } = await home();
  await set("notify.command", JSON.stringify([tell]));
  const sessionId = await launch("exec sleep 600");
  const action = "coven.session.kill";
  const answer = await line.home.client.actions({ action, origin: "bridge", args: { sessionId } });
  const id = "approval" in answer ? answer.approval.id : "";
  await until("it was told", () => told().length === 1);
  expect(told()[0]).toMatchObject({
    event: "approval",
    session: null,
    approval: { id, action, origin: "bridge" },
    variables: { COVEN_NOTIFY_EVENT: "approval" },
  });
});
