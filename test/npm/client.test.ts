// `@opencoven/client` as who installs it has it: unpacked from the tarball, under the real Node and the real Bun, against a real daemon.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stageClient } from "../../npm/client-package.ts";
import { tarball } from "../../npm/packages.ts";
import { NEEDS } from "../../src/api/client-handshake.ts";
import type { AnyRoute } from "../../src/api/route.ts";
import { ROUTES } from "../../src/api/routes/table.ts";
import { type DaemonHome, daemonHome } from "../support/daemon-home.ts";
import { restartInPlace } from "../support/in-place.ts";
import { notLinux, testUnless, without } from "../support/unless.ts";
import { until } from "../support/until.ts";

const root = join(import.meta.dir, "..", "..");
const page = readFileSync(join(root, "docs", "CLIENT.md"), "utf8");
const programs = Array.from(
  page.matchAll(/^### (.+)\n[\s\S]*?```js\n([\s\S]*?)```/gm),
  ([, title, text]) => ({
    title: String(title),
    text: String(text),
  }),
);

const node = Bun.which("node");
const nodeVersion = node ? Bun.spawnSync([node, "--version"]).stdout.toString().trim() : "";
const oldNode =
  Number(/^v(\d+)/.exec(nodeVersion)?.[1] ?? 0) < 20 ? `node is ${nodeVersion || "missing"}` : undefined;
const RUNTIMES = [
  { name: "node", program: node ?? "node", lack: without("node") ?? oldNode },
  { name: "bun", program: process.execPath, lack: undefined },
] as const;

const folder = realpathSync(mkdtempSync(join(tmpdir(), "cv-client-")));
let packed = "";
let home: DaemonHome;
beforeAll(async () => {
  await stageClient(root, join(folder, "staged"), "1.2.3");
  packed = await tarball(join(folder, "staged"), folder);
  const place = join(folder, "app", "node_modules", "@opencoven", "client");
  mkdirSync(place, { recursive: true });
  expect(Bun.spawnSync(["tar", "xzf", packed, "--strip-components=1", "-C", place]).exitCode).toBe(0);
  home = daemonHome();
  await home.start();
});
afterAll(async () => {
  await home[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

let count = 0;
/** A program in the project, as its author would start it. */
function started(program: string, text: string, at: DaemonHome = home) {
  const file = join(folder, "app", `program-${count++}.mjs`);
  writeFileSync(file, text);
  const child = Bun.spawn([program, file], {
    cwd: at.project,
    env: { PATH: "/usr/bin:/bin", HOME: at.base, COVEN_HOME: at.paths.home },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = (async () => {
    const [out, err, code] = await Promise.all([
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
      child.exited,
    ]);
    return { out, err, code };
  })();
  return { child, ended };
}
const run = (program: string, text: string, at?: DaemonHome) => started(program, text, at).ended;

/** What each program of the page prints. */
const SAID: Readonly<Record<string, { readonly out: RegExp; readonly code: number }>> = {
  "Who needs me?": { out: /^coven \d+\.\d+\.\d+\n[0-9a-f]{8} {2}demo {2}waits: .+ {2}ask 1\n/, code: 0 },
  "Run an agent to its end": { out: /line 1[\s\S]*line 3/, code: 4 },
  "Answer what an agent asks": {
    out: /^answered: .+\nanswered: Run .+\nanswered: Run .+\nended: completed\n$/,
    code: 0,
  },
  "A terminal of one's own": { out: /line 2[\s\S]*\nended: completed\n$/, code: 0 },
  "What can go wrong": {
    out: /^runtime_unavailable: .*coven daemon start.*\nlaunched once\ninvalid_request: .+\ninvalid_request: .+\n$/,
    code: 0,
  },
};

test("the page has five programs, each with what it prints", () => {
  expect(programs.map(({ title }) => title).toSorted()).toEqual(Object.keys(SAID).toSorted());
  expect(programs).toHaveLength(5);
});

for (const { name, program, lack } of RUNTIMES) {
  const on = testUnless(lack);

  describe(`under ${name}`, () => {
    for (const { title, text } of programs) {
      on(`docs/CLIENT.md: ${title}`, async () => {
        const waiting = await home.client.launch({
          ...{ projectRoot: home.project, harness: "demo", prompt: "ask 1", launchMode: "interactive" },
        });
        await until(
          "it waits",
          async () => (await home.client.session(waiting.id)).attention?.state === "waiting",
        );
        const { out, err, code } = await run(program, text);
        await home.client.kill(waiting.id);
        const said = SAID[title];
        expect(out.replaceAll("\r", ""), err).toMatch(said?.out ?? /^$/);
        expect([code, err]).toEqual([said?.code ?? -1, ""]);
      });
    }

    on("nobody, something else, an older daemon: it fails closed", async () => {
      const stranger = join(folder, `${name}.sock`);
      let asked: string[] = [];
      let answer: () => Response = () => new Response("hello");
      await using server = Bun.serve({
        unix: stranger,
        fetch: (request) => {
          asked.push(new URL(request.url).pathname);
          return answer();
        },
      });
      const health = { ok: true, apiVersion: "coven.daemon.v1", covenVersion: "0.4.6", daemon: null };
      const tries: [string, () => Response, RegExp][] = [
        ["a stranger", () => new Response("hello"), /^internal_error unintelligible\n$/],
        [
          "another API",
          () => Response.json({ ...health, apiVersion: "coven.daemon.v2" }),
          /^internal_error incompatible\n$/,
        ],
        [
          "a later one that dropped ours",
          () => Response.json({ ...health, supportedApiVersions: ["v2"], capabilities: {} }),
          /^internal_error incompatible\n$/,
        ],
        [
          "not well",
          () => Response.json({ ...health, ok: false, capabilities: {} }),
          /^internal_error incompatible\n$/,
        ],
        [
          "an older one",
          () => Response.json({ ...health, capabilities: { sessions: true, events: true } }),
          /^not_supported feed\nnot_supported screen\nnot_supported eventStream\nnot_supported attach\n$/,
        ],
      ];
      for (const [what, says, expected] of tries) {
        asked = [];
        answer = says;
        const { out, err } = await run(
          program,
          `import { connect } from "@opencoven/client";
const tell = (error) => console.log(error.code, error.details?.reason ?? error.details?.capability);
try {
  const coven = await connect({ socket: ${JSON.stringify(stranger)} });
  await connect({ socket: ${JSON.stringify(stranger)}, requires: ["feed"] }).catch(tell);
  await coven.screen("x").catch(tell);
  try { for await (const _ of coven.eventStream("x")); } catch (error) { tell(error); }
  try { coven.attach("x", { frame() {}, bytes() {}, closed() {} }); } catch (error) { tell(error); }
} catch (error) { tell(error); }`,
        );
        expect([what, out, err]).toEqual([what, expect.stringMatching(expected), ""]);
        // Nothing else was asked of it.
        expect(Array.from(new Set(asked))).toEqual(["/api/v1/health"]);
      }
      server.stop(true);
    });

    on("a signal ends calls, streams and terminals, with its own reason", async () => {
      const { id } = await home.client.launch({
        ...{ projectRoot: home.project, harness: "demo", prompt: "sleep 600", launchMode: "interactive" },
      });
      const { out, err, code } = await run(
        program,
        `import { connect } from "@opencoven/client";
const coven = await connect();
const reason = new Error("enough");
const soon = () => { const end = new AbortController(); setTimeout(() => end.abort(reason), 50); return end.signal; };
const same = async (name, work) => {
  try { await work(soon()); console.log(name, "went on"); } catch (error) { console.log(name, error === reason); }
};
await same("events", async (signal) => { for await (const _ of coven.eventStream(${JSON.stringify(id)}, { signal })); });
await same("output", async (signal) => { for await (const _ of coven.output(${JSON.stringify(id)}, { signal, follow: true })); });
await same("feed", async (signal) => { for await (const _ of coven.feed({ signal })); });
await same("call", async () => { await coven.sessions(undefined, { signal: AbortSignal.abort(reason) }); });
await same("connect", async () => { await connect({ signal: AbortSignal.abort(reason) }); });
const end = new AbortController();
let closed = 0;
coven.attach(${JSON.stringify(id)}, { signal: end.signal, bytes() {}, closed() { closed += 1; }, frame({ type }) { if (type === "attached") end.abort(reason); } });
await new Promise((go) => end.signal.addEventListener("abort", () => setTimeout(go, 50)));
console.log("attach", closed);`,
      );
      expect([out, err, code]).toEqual([
        "events true\noutput true\nfeed true\ncall true\nconnect true\nattach 0\n",
        "",
        0,
      ]);
      await home.client.kill(id);
    });

    const restarts = testUnless(lack, notLinux);
    restarts(
      "events, bytes, the feed, keys and calls go on through restarts of the daemon: each once, in order",
      async () => {
        await using at = daemonHome();
        at.script(
          "codex",
          `stty raw -echo; printf ready; i=0; while [ $i -lt 400 ]; do i=$((i+1)); echo line-$i; sleep 0.005; done; read -r go; printf '[%s]' "$go"; exit 7`,
        );
        await at.start();
        const { id } = await at.client.launch({ projectRoot: at.project, harness: "codex", prompt: "x" });
        const watcher = started(
          program,
          `import { connect } from "@opencoven/client";
const coven = await connect({ requires: ["feed", "output", "attach"] });
const id = ${JSON.stringify(id)};
const events = (async () => {
  let text = "", last = -1, rising = true, ends = "";
  for await (const { seq, kind, payload_json } of coven.eventStream(id, { afterSeq: 0 })) {
    rising &&= seq > last; last = seq;
    if (kind === "output") text += JSON.parse(payload_json).data;
    if (kind === "exit") ends = payload_json;
  }
  return { text, rising, ends };
})();
const bytes = (async () => {
  const parts = [];
  for await (const part of coven.output(id, { follow: true })) parts.push(Buffer.from(part));
  return Buffer.concat(parts).toString();
})();
const feed = (async () => {
  const types = [];
  for await (const { type, session } of coven.feed()) {
    types.push(type);
    if (type === "session.settled" && session.id === id) return types;
  }
})();
let attached = 0, typed = false, exit;
const terminal = new Promise((resolve) => {
  const it = coven.attach(id, {
    size: { cols: 80, rows: 24 }, bytes() {}, closed: () => resolve("closed"),
    frame(frame) {
      if (frame.type === "attached" && ++attached === 4 && !typed) { typed = true; it.type(new TextEncoder().encode("go\\n")); }
      if (frame.type === "exit") { exit = frame.exitCode; resolve("exit"); }
    },
  });
});
let isOver = false;
const calls = (async () => {
  let answered = 0;
  for (; !isOver; answered += 1) await coven.session(id);
  return answered;
})();
console.error("watching");
const all = await Promise.all([events, bytes, feed, terminal]);
isOver = true;
console.log(JSON.stringify({ events: all[0], bytes: all[1], feed: all[2], terminal: all[3], attached, exit, calls: await calls }));`,
          at,
        );
        await until("it watches", async () => (await at.client.status()).followers.count >= 3);
        for (let i = 0; i < 3; i++) {
          const seen = (await at.client.status()).followers.count;
          expect(await restartInPlace(at)).toMatchObject({ refused: null });
          // After the last one the program goes, and the session ends.
          const isBack = async () => (await at.client.status()).followers.count >= seen;
          const isOver = async () => (await at.client.session(id)).status !== "running";
          await until("everybody is back", async () => (await isBack()) || (await isOver()));
        }
        const { out, err, code } = await watcher.ended;
        expect([err, code]).toEqual(["watching\n", 0]);
        const had = JSON.parse(out);
        const text = `ready${Array.from({ length: 400 }, (_, i) => `line-${i + 1}\n`).join("")}[go]`;
        expect(had.bytes).toBe(text);
        expect(had.events).toEqual({ text, rising: true, ends: expect.stringContaining('"exitCode":7') });
        expect(had.feed.filter((type: string) => type === "daemon.restarted")).toHaveLength(3);
        expect(had.feed.at(-1)).toBe("session.settled");
        expect([had.terminal, had.attached, had.exit]).toEqual(["exit", 4, 7]);
        expect(had.calls).toBeGreaterThan(100);
      },
      60_000,
    );

    on("a screenful both ways by its WebSocket: a paste of a megabyte, echoed", async () => {
      home.script("codex", "stty raw -echo; printf ready; exec cat");
      const { id } = await home.client.launch({ projectRoot: home.project, harness: "codex", prompt: "x" });
      const { out, err } = await run(
        program,
        `import { connect } from "@opencoven/client";
import { createHash } from "node:crypto";
const coven = await connect();
const id = ${JSON.stringify(id)};
const paste = Buffer.from(Array.from({ length: 1_000_000 }, (_, i) => 33 + (i * 7 + (i >> 8)) % 90));
const terminal = coven.attach(id, { bytes() {}, closed() {}, frame({ type }) { if (type === "attached") terminal.type(paste); } });
const hash = createHash("sha256"); let had = 0;
for await (const part of coven.output(id, { follow: true })) {
  const own = part.subarray(had < 5 ? 5 - had : 0); had += part.length;
  hash.update(own);
  if (had >= paste.length + 5) break;
}
terminal.close();
console.log(had - 5, hash.digest("hex") === createHash("sha256").update(paste).digest("hex"));`,
      );
      expect([out, err]).toEqual(["1000000 true\n", ""]);
      await home.client.kill(id);
    });
  });
}

test("the package depends on nothing, names no path of ours, and is the same bytes twice", async () => {
  const place = join(folder, "app", "node_modules", "@opencoven", "client");
  const manifest = JSON.parse(readFileSync(join(place, "package.json"), "utf8"));
  expect(manifest).toMatchObject({ name: "@opencoven/client", version: "1.2.3", type: "module" });
  expect(Object.keys(manifest).filter((key) => /dependencies|scripts/i.test(key))).toEqual([]);
  const code = readFileSync(join(place, "index.js"), "utf8");
  const imported = Array.from(code.matchAll(/^import .* from "(.+)";$/gm), ([, from]) => String(from));
  expect(imported.every((from) => from.startsWith("node:"))).toBe(true);
  expect(code).not.toContain(root);
  expect(code).not.toContain("zod");
  await stageClient(root, join(folder, "again"), "1.2.3");
  const second = await tarball(join(folder, "again"), join(folder, "second"));
  expect(readFileSync(second).equals(readFileSync(packed))).toBe(true);
});

test("its types are right by themselves, and the programs of the page compile against them", () => {
  const app = join(folder, "app");
  const files = programs.map(({ text }, index) => {
    const file = join(app, `typed-${index}.mts`);
    writeFileSync(file, text);
    return file;
  });
  symlinkSync(join(root, "node_modules", "@types"), join(app, "node_modules", "@types"));
  const flags =
    "--noEmit --strict --skipLibCheck false --module nodenext --target esnext --lib esnext,dom --types node";
  const tsc = join(root, "node_modules", ".bin", "tsc");
  const { stdout } = Bun.spawnSync([tsc, ...flags.split(" "), ...files], { cwd: app });
  const ours = stdout
    .toString()
    .split("\n")
    .filter((line) => /typed-|@opencoven/.test(line));
  expect(ours).toEqual([]);
});

test("what a method needs is what its route announces", () => {
  const offered = new Set(Object.values<AnyRoute>(ROUTES).flatMap(({ offers }) => Object.keys(offers ?? {})));
  // Where the daemon stands, and not the build, decides.
  offered.add("restart");
  expect(Object.entries(NEEDS).filter(([, needed]) => !offered.has(needed))).toEqual([]);
});
