// `coven conformance`: our daemon passes, and a daemon that is wrong in one answer fails with the line that says so.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { chmodSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { type Change, changingProxy } from "../support/changing-proxy.ts";
import { type CommandLine, commandLine } from "../support/command-line.ts";

interface Report {
  readonly ok: boolean;
  readonly socket: string;
  readonly daemon: { readonly version: string; readonly pid: number | null };
  readonly sections: readonly {
    readonly name: string;
    readonly checks: readonly {
      readonly name: string;
      readonly result: string;
      readonly detail: string | null;
    }[];
  }[];
}

let line: CommandLine;
beforeAll(async () => {
  line = commandLine();
  await line.home.start();
});
afterAll(() => line[Symbol.asyncDispose]());

async function report(socket: string): Promise<Report & { readonly code: number }> {
  const { code, out, err } = await line.coven(["conformance", "--socket", socket, "--json"]);
  expect(err).toBe("");
  return { ...JSON.parse(out), code };
}
const results = ({ sections }: Report) =>
  sections.flatMap(({ name: section, checks }) => checks.map((check) => ({ section, ...check })));

test("ours passes, section by section, and nothing that was started is left", async () => {
  const before = await line.home.client.sessions({ includeArchived: true });
  const { code, out, err } = await line.coven(["conformance"]);
  expect([code, err]).toEqual([0, ""]);
  expect(out.match(/^\S.*$/gm) ?? []).toEqual<unknown>([
    ..."handshake,transport,control,launch,records,events,live control,rituals,what is announced".split(","),
    expect.stringMatching(/^\d\d as the contract says, 0 not, 0 skipped$/),
  ]);
  expect(await line.home.client.sessions({ includeArchived: true })).toEqual(before);
}, 60_000);

test("as JSON, each check with what came of it", async () => {
  const all = await report(line.home.paths.socket);
  expect([all.code, all.ok, all.daemon.pid]).toEqual([
    0,
    true,
    (await line.home.client.health()).daemon?.pid ?? 0,
  ]);
  expect(results(all).filter(({ result }) => result !== "ok")).toEqual([]);
  expect(results(all).length).toBeGreaterThan(40);
}, 60_000);

/** What is changed in one answer, the check that sees it, and what it says. */
const WRONG: readonly (readonly [what: string, change: Change, check: string, says: RegExp])[] = [
  [
    "another apiVersion",
    {
      line: /GET .*\/health /,
      change: (head, body) => [head, body.replace("coven.daemon.v1", "coven.daemon.v2")],
    },
    "health says who answers",
    /`apiVersion` is coven\.daemon\.v2, not coven\.daemon\.v1/,
  ],
  [
    "JSON with spaces",
    { line: /DELETE /, change: (head, body) => [head, body.replace('"ok":', '"ok": ')] },
    "delete takes it away with its events",
    /the JSON is not compact/,
  ],
  [
    "an HTML page for what is no route",
    {
      line: /GET \/api\/v1\/nowhere /,
      change: (head) => [head, "<h1>Not found</h1>"],
    },
    "what is no route is 404 not_found",
    /the body is not JSON/,
  ],
  [
    "another status for a body that is too large",
    { line: /POST \/api\/v1\/actions /, change: (head, body) => [head.replace(" 413 ", " 400 "), body] },
    "a body over 4 MiB is 413 payload_too_large",
    /answers 400, not 413/,
  ],
  [
    "a record with a word of its own",
    {
      line: /GET \/api\/v1\/sessions /,
      change: (head, body) => [head, body.replace('"status":"completed"', '"status":"done"')],
    },
    "the list is bare, newest first",
    /`0\.status`|`\d+\.status`|status/,
  ],
  [
    "a member that is missing",
    {
      line: /GET \/api\/v1\/events\?sessionId=[^&]* /,
      change: (head, body) => [head, body.replace(/,"hasMore":\w+/, "")],
    },
    "a page, oldest first, the exit last",
    /`hasMore`/,
  ],
  [
    "a cursor that leaves one out",
    {
      line: /GET \/api\/v1\/events\?.*limit=1&afterSeq=0 /,
      change: (head, body) => [
        head,
        body.replace(/"afterSeq":(\d+)/, (_, seq) => `"afterSeq":${Number(seq) + 1}`),
      ],
    },
    "a cursor goes on without a gap, and an empty page has none",
    /hasMore|the events of all pages/,
  ],
  [
    "a kill that is 200",
    {
      line: /POST \/api\/v1\/sessions\/[-\w]+\/kill /,
      change: (head, body) => [head.replace(" 202 ", " 200 "), body],
    },
    "kill is 202, and the record says killed, then the exit",
    /answers 200, not 202/,
  ],
  [
    "an archive that sets no date",
    {
      line: /POST \/api\/v1\/sessions\/[-\w]+\/archive /,
      change: (head, body) => [head, body.replace(/"archived_at":"[^"]+"/, '"archived_at":null')],
    },
    "archive hides, summon brings back, both as often as one likes",
    /`archived_at` is null/,
  ],
  [
    "a code that the document lacks",
    {
      line: /GET \/api\/v1\/openapi\.json /,
      change: (head, body) => [head, body.replaceAll('"session_not_live"', '"not_live"')],
    },
    "the document has every code that can be sent",
    /codes that are missing.*session_not_live/,
  ],
];

for (const [what, change, check, says] of WRONG) {
  test(`a daemon that is right but for ${what} fails with that line`, async () => {
    const directory = join(line.home.base, `p${WRONG.findIndex(([name]) => name === what)}`);
    mkdirSync(directory, { mode: 0o700 });
    const socket = join(directory, "s");
    await using proxy = await changingProxy(socket, line.home.paths.socket, change);
    chmodSync(socket, 0o600);
    const found = await report(socket);
    expect(proxy.changed()).toBeGreaterThan(0);
    expect([found.code, found.ok]).toEqual([1, false]);
    const wrong = results(found).filter(({ result }) => result === "differs");
    expect(wrong.map(({ name }) => name)).toEqual([check]);
    expect(wrong[0]?.detail).toMatch(says);
    // For a person the same, in one line; once is enough.
    if (what !== "another apiVersion") return;
    const { code, out } = await line.coven(["conformance", "--socket", socket]);
    expect(code).toBe(1);
    expect(out.split("\n").filter((one) => one.startsWith("  differs"))).toEqual([
      expect.stringContaining(`  differs  ${check}: `),
    ]);
  }, 60_000);
}

test("nobody there is said as by any command, and nothing is started", async () => {
  const { code, out, err } = await line.coven(["conformance", "--socket", join(line.home.base, "none.sock")]);
  expect([code, out]).toEqual([1, ""]);
  expect(err).toContain("No Coven daemon answers on");
});
