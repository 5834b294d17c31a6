// Slow: what was packed is installed the way strangers do it, with every package manager, from a registry on loopback.
// Run it with: bun test ./test/npm/install.suite.ts (the managers themselves come from the npm registry of this machine)
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { closeSync, mkdtempSync, openSync, readFileSync, readSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { WRAPPER } from "../../npm/targets.ts";
import { version } from "../../package.json";
import { type NpmRegistry, npmRegistry } from "../support/npm-registry.ts";
import { fetchTools, type Tools, WAYS } from "./managers.ts";
import { packages, type Stranger, stranger } from "./published.ts";
import { here, type Ran, ran } from "./staged.ts";

const LATER = "99.0.0";
const MINUTES = 60_000;
const folder = mkdtempSync(join(tmpdir(), "cv-pub-"));
let tools: Tools;
let registry: NpmRegistry;
let both: NpmRegistry;
const strangers: Stranger[] = [];

beforeAll(async () => {
  const ours = await packages(folder, version);
  registry = await npmRegistry(ours);
  both = await npmRegistry([...ours, ...(await packages(folder, LATER))]);
  tools = await fetchTools(join(folder, "tools"));
}, 5 * MINUTES);
afterAll(async () => {
  for (const each of strangers) each.remove();
  await registry?.stop();
  await both?.stop();
  rmSync(folder, { recursive: true, force: true });
});

function arrive(path: "withNode" | "withBun" = "withNode", from = registry): Stranger {
  const who = stranger(from.url, tools[path]);
  strangers.push(who);
  return who;
}

/** Runs to the end with nothing but the stranger's environment. */
async function as(who: Stranger, argv: readonly string[], extra: Record<string, string> = {}): Promise<Ran> {
  const none = Object.fromEntries(Object.keys(process.env).map((name) => [name, undefined]));
  return ran(argv as string[], { cwd: who.cwd, env: { ...none, ...who.env, ...extra } });
}

async function must(who: Stranger, argv: readonly string[]): Promise<string> {
  const { code, out, err } = await as(who, argv);
  if (code !== 0) throw new Error(`${argv.join(" ")} ended with ${code}\n${out}${err}`);
  return out;
}

function isNative(file: string): boolean {
  const head = Buffer.alloc(2);
  const open = openSync(file, "r");
  readSync(open, head);
  closeSync(open);
  return head.toString() !== "#!";
}

describe("a stranger with an empty home", () => {
  for (const way of WAYS) {
    test(
      way.name,
      async () => {
        const who = arrive(way.path);
        for (const argv of way.install(tools, who, registry.url)) await must(who, argv);
        const coven = (...args: string[]) => must(who, [...way.start(tools, who, registry.url), ...args]);

        expect(await coven("--version")).toEndWith(`coven ${version}\n`);
        expect(await coven("doctor")).toContain("No problems");
        try {
          expect(await coven("daemon", "start")).toContain("Coven daemon: running (pid ");
          const demo = await as(who, [...way.start(tools, who, registry.url), "run", "demo", "lines 2"]);
          expect(demo).toMatchObject({ code: 0, out: expect.stringContaining("line 1\nline 2\n") });
          // What it says to type next is typed, as it stands, where this stranger stands.
          const again = /See it again: +(.*)/.exec(demo.err)?.[1] ?? "";
          expect(again).toStartWith(`${way.typed(who)} attach `);
          const typed = await as(who, ["sh", "-c", again], {
            // The one of the managers that takes it from no other variable.
            pnpm_config_registry: registry.url,
            PATH: `${tools.byName(way)}:${who.env["PATH"]}`,
          });
          expect(typed).toMatchObject({ code: 0, out: expect.stringContaining("line 1\nline 2\n") });
          const { sessions } = JSON.parse((await coven("sessions", "--json")).replace(/^[^{]*/, ""));
          expect(sessions).toMatchObject([{ harness: "demo", status: "completed", exit_code: 0 }]);
        } finally {
          expect(await coven("daemon", "stop")).toContain("Coven daemon: stopped");
        }
        if (way.launcher !== undefined) {
          expect(isNative(way.launcher.at(who))).toBe(way.launcher.native);
          expect(await coven("--print-native-binary-path")).toMatch(/\/bin\/coven(\.js)?\n$/);
        }
        // Every package manager that knows the fields took the one executable it needed.
        expect(registry.missing.filter((path) => path.includes("@opencoven"))).toEqual([]);
      },
      3 * MINUTES,
    );
  }
});

describe("an install that lacks something", () => {
  const coven = (who: Stranger) => join(who.cwd, "node_modules", ".bin", "coven");

  test(
    "--omit=optional: the missing package is named, and the way to put it right",
    async () => {
      const who = arrive();
      await must(who, [...tools.npm, "install", "--omit=optional", WRAPPER]);
      const { code, err } = await as(who, [coven(who), "doctor"]);
      expect(code).toBe(1);
      expect(err).toContain(`Error: ${here().package} is not installed`);
      expect(err).toContain("--omit=optional");
      expect(err).not.toContain("node:internal");
    },
    MINUTES,
  );

  test(
    "pnpm add, with the install step blocked: pnpm ends with 1 and says how to allow it, and everything works",
    async () => {
      const who = arrive();
      const added = await as(who, [...tools.pnpm, "add", `--registry=${registry.url}`, WRAPPER]);
      expect(added.code).toBe(1);
      expect(added.out + added.err).toContain("ERR_PNPM_IGNORED_BUILDS");
      expect(added.out + added.err).toContain("pnpm approve-builds");
      expect(await must(who, [coven(who), "--version"])).toBe(`coven ${version}\n`);
      // What a project that wants no such end does once.
      await must(who, [
        ...tools.pnpm,
        "add",
        `--registry=${registry.url}`,
        `--allow-build=${WRAPPER}`,
        WRAPPER,
      ]);
    },
    MINUTES,
  );

  test(
    "a platform nothing is built for: installing works, starting says what there is",
    async () => {
      const who = arrive();
      await must(who, [...tools.npm, "install", "--os=aix", "--cpu=ppc64", "--ignore-scripts", WRAPPER]);
      const elsewhere = join(who.home, "elsewhere.js");
      writeFileSync(
        elsewhere,
        'Object.defineProperty(process, "platform", { value: "aix" }); Object.defineProperty(process, "arch", { value: "ppc64" });',
      );
      const { code, err } = await as(who, [coven(who), "--version"], {
        NODE_OPTIONS: `--require=${elsewhere}`,
      });
      expect(code).toBe(1);
      expect(err).toStartWith(`Error: ${WRAPPER} has no executable for aix-ppc64. It has: darwin-arm64,`);
    },
    MINUTES,
  );

  test(
    "a wrapper of one version beside an executable of another: both named, nothing started",
    async () => {
      const who = arrive("withNode", both);
      await must(who, [...tools.npm, "install", "--ignore-scripts", `${WRAPPER}@${version}`]);
      await must(who, [...tools.npm, "install", "--ignore-scripts", "--force", `${here().package}@${LATER}`]);
      // npm may have kept a second copy for the wrapper; what Node resolves from there must then be the right one.
      const { code, out, err } = await as(who, [coven(who), "--version"]);
      if (code === 0) expect(out).toBe(`coven ${version}\n`);
      const manifest = join(who.cwd, "node_modules", WRAPPER, "node_modules", here().package);
      rmSync(manifest, { recursive: true, force: true });
      const wrong = await as(who, [coven(who), "--version"]);
      expect({ code: wrong.code, said: wrong.err || err }).toEqual({
        code: 1,
        said: expect.stringContaining(`${WRAPPER} is version ${version}, but ${here().package} is ${LATER}`),
      });
    },
    MINUTES,
  );
});

test(
  "an upgrade while the old version's daemon runs: the new one says so, and no session is harmed",
  async () => {
    const who = arrive("withNode", both);
    const coven = join(who.home, "g", "bin", "coven");
    const get = (wanted: string) =>
      must(who, [
        ...tools.npm,
        "install",
        "--global",
        "--prefix",
        join(who.home, "g"),
        `--allow-scripts=${WRAPPER}`,
        `${WRAPPER}@${wanted}`,
      ]);
    await get(version);
    const id = (await must(who, [coven, "run", "demo", "--detach", "sleep 600"])).trim();
    try {
      await get(LATER);
      expect(await must(who, [coven, "--version"])).toBe(`coven ${LATER}\n`);
      const found = await as(who, [coven, "daemon", "status"]);
      expect(found.out).toContain(`version ${version}`);
      expect(found.err).toContain(`This command is version ${LATER}.  Try: ${coven} daemon restart`);
      // The old daemon goes on, and the new command reads it.
      const { sessions } = JSON.parse(await must(who, [coven, "sessions", "--json"]));
      expect(sessions).toMatchObject([{ id, status: "running" }]);
      const restarted = await as(who, [coven, "daemon", "restart"]);
      if (process.platform === "linux") {
        // The executable just installed takes over the session that the old one began.
        expect([restarted.code, restarted.out]).toEqual([0, expect.stringContaining(`version ${LATER}`)]);
        const after = JSON.parse(await must(who, [coven, "sessions", "--json"])).sessions;
        expect(after).toMatchObject([{ id, status: "running", pid: sessions[0].pid }]);
      } else {
        expect(restarted.code).toBe(1);
        expect(restarted.err).toContain("running and would be ended");
      }
      await must(who, [coven, "kill", id]);
      const deadline = performance.now() + 15_000;
      let status = "running";
      while (status === "running" && performance.now() < deadline) {
        await Bun.sleep(50);
        status = JSON.parse(await must(who, [coven, "sessions", "--json"])).sessions[0].status;
      }
      expect(status).toBe("killed");
      expect(await must(who, [coven, "daemon", "restart"])).toContain(`version ${LATER}`);
      expect(JSON.parse(await must(who, [coven, "sessions", "--json"])).sessions).toMatchObject([
        { id, status: "killed" },
      ]);
    } finally {
      await as(who, [coven, "daemon", "stop", "--force"]);
    }
  },
  3 * MINUTES,
);

test("the README the wrapper is published with names every way tried here", () => {
  const text = readFileSync(join(import.meta.dir, "..", "..", "npm", "cli", "README.md"), "utf8");
  for (const word of ["npx", "npm install --global", "bun add", "--omit=optional", "COVEN_BINARY"]) {
    expect(text).toContain(word);
  }
});
