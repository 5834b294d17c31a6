// Holds the import rules of docs/ARCHITECTURE.md by reading the import lines, so that nobody has to remember them.
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";

const src = join(import.meta.dir, "..", "src");
const files = Array.from(new Bun.Glob("**/*.ts").scanSync(src)).sort();

/** Which rooms (folders, or files at the top) a room may import from; itself always. */
const MAY: Record<string, readonly string[]> = {
  "version.ts": [],
  "errors.ts": [],
  "malformed.ts": [],
  "paths.ts": ["errors.ts"],
  "config.ts": ["errors.ts", "paths.ts", "config-lines.ts", "os"],
  "config-lines.ts": [],
  "familiars.ts": ["errors.ts", "config.ts"],
  "home.ts": ["errors.ts", "paths.ts", "os"],
  "owner-key.ts": ["os"],
  "program.ts": [],
  "redact.ts": [],
  session: ["errors.ts", "vt"],
  // The ground: anybody may stand on them, they on nobody.
  vt: [],
  os: ["errors.ts"],
  harness: ["errors.ts", "malformed.ts", "session", "vt", "os"],
  git: ["errors.ts", "os", "session/ports/checkouts"],
  control: [
    "errors.ts",
    "malformed.ts",
    "session/ports/processes",
    "session/ports/world",
    "session/evidence",
    "session/environment",
    "session/stop",
    "harness/lookup",
    "os",
  ],
  store: [
    "errors.ts",
    "vt",
    "os",
    "control/approval",
    "session/ports",
    "session/event",
    "session/feed",
    "session/session",
  ],
  pty: ["errors.ts", "os", "session/ports/pty"],
  screen: ["errors.ts", "vt", "session/ports/screen"],
  api: ["errors.ts", "malformed.ts", "version.ts", "session", "control", "harness", "vt", "os"],
  daemon: [
    "errors.ts",
    "version.ts",
    "paths.ts",
    "config.ts",
    "familiars.ts",
    "home.ts",
    "owner-key.ts",
    "program.ts",
    "redact.ts",
    "session",
    "store",
    "pty",
    "screen",
    "harness",
    "control",
    "git/checkout",
    "api",
    "vt",
    "os",
  ],
  // The daemon seen from outside: its API, the files it leaves, and what it reports while it starts.
  supervise: [
    "errors.ts",
    "version.ts",
    "paths.ts",
    "config.ts",
    "home.ts",
    "program.ts",
    "session",
    "api/client",
    "control/external/manifest",
    "harness",
    "pty/drivers",
    "store/inspect",
    "store/records",
    "store/repair",
    "daemon/identity",
    "daemon/lock",
    "daemon/report",
    "os",
  ],
  cli: [
    "errors.ts",
    "version.ts",
    "paths.ts",
    "config.ts",
    "config-lines.ts",
    "home.ts",
    "owner-key.ts",
    "program.ts",
    "redact.ts",
    "session",
    "api/client",
    // What is promised on the wire is what conformance holds daemons to.
    "api/route",
    "api/routes/table",
    "harness/harnesses",
    "harness/adapter",
    "harness/earlier-manifests",
    "git",
    "harness/manifest",
    "harness/questions",
    "harness/recipes",
    "supervise",
    "vt",
    "os",
    // An export renders what the API gave it by the same emulator as the daemon's screens.
    "screen/emulator",
  ],
  "main.ts": ["version.ts", "errors.ts", "cli", "daemon", "harness", "os/process-room"],
};

/** Where a foreign module may be named. */
const ONLY_IN: Record<string, readonly string[]> = {
  "bun:sqlite": ["store/", "daemon/lock"],
  zod: ["api/", "control/external/", "harness/manifest", "daemon/handover"],
  "@clack/prompts": ["cli/"],
  picocolors: ["cli/"],
  "smol-toml": ["config.ts"],
  // One file knows the emulator; an export's page plays a recording with another build of it.
  "@xterm/": ["screen/emulator", "cli/client/recorded-text", "cli/commands/export/player/"],
  "node:net": ["daemon/", "api/client-node", "cli/commands/conformance/wire"],
};

/** Within cli/: which of its rooms a room may import from; itself always. */
const CLI_MAY: Record<string, readonly string[]> = {
  ui: [],
  framework: ["ui"],
  client: ["ui"],
  terminal: ["ui", "client", "framework"],
  commands: ["ui", "client", "framework", "terminal"],
  "cli.ts": ["ui", "client", "framework", "commands"],
};

/** Commands that use another one: run and attach open the browser; diagnostics hold what doctor and logs show. */
const COMMANDS_USE: Record<string, readonly string[]> = {
  attach: ["sessions"],
  run: ["sessions"],
  diagnostics: ["doctor", "logs"],
  resume: ["run"],
  status: ["daemon"],
};

interface Import {
  readonly file: string;
  readonly target: string;
}

function imports(file: string): Import[] {
  const text = readFileSync(join(src, file), "utf8");
  const named = text.matchAll(
    /(?:^|\s)(?:import|export)[^"';]*?from\s*"([^"]+)"|\bimport\(\s*"([^"]+)"|^import\s+"([^"]+)"/gm,
  );
  return Array.from(named, (match) => ({ file, target: match[1] ?? match[2] ?? match[3] ?? "" }));
}

/** The path under src/ of a relative import, or undefined for a foreign one. */
function inside({ file, target }: Import): string | undefined {
  return target.startsWith(".") ? relative(src, join(src, dirname(file), target)) : undefined;
}

const all = files.flatMap(imports);
const room = (path: string) => path.split("/")[0] ?? path;

test("every file stands in a room this test knows", () => {
  expect(files.length).toBeGreaterThan(30);
  expect(files.filter((file) => !(room(file) in MAY))).toEqual([]);
});

test("imports point the way the rules allow", () => {
  const wrong = all.flatMap((line) => {
    const to = inside(line);
    if (to === undefined || to.startsWith("..") || room(to) === room(line.file)) return [];
    const allowed = (MAY[room(line.file)] ?? []).some(
      (place) => to === place || to.startsWith(`${place}/`) || to === `${place}.ts`,
    );
    return allowed ? [] : [`${line.file} -> ${to}`];
  });
  expect(wrong).toEqual([]);
});

test("no imports lead back to the file they begin in, of types neither", () => {
  const next = Map.groupBy(all, ({ file }) => file);
  const done = new Set<string>();
  const circles: string[] = [];
  function follow(file: string, way: readonly string[]): void {
    const begun = way.indexOf(file);
    if (begun >= 0) circles.push([...way.slice(begun), file].join(" -> "));
    if (begun >= 0 || done.has(file)) return;
    for (const line of next.get(file) ?? []) follow(inside(line) ?? "", [...way, file]);
    done.add(file);
  }
  for (const file of files) follow(file, []);
  expect(circles).toEqual([]);
});

test("within the command line, imports point from commands to what they stand on", () => {
  const cli = all.flatMap((line) => {
    const to = inside(line);
    if (room(line.file) !== "cli" || to === undefined || room(to) !== "cli") return [];
    return [{ from: line.file.slice("cli/".length), to: to.slice("cli/".length) }];
  });
  expect(cli.length).toBeGreaterThan(100);
  const wrong = cli.filter(({ from, to }) => {
    if (room(from) !== room(to)) return !(CLI_MAY[room(from)] ?? []).includes(room(to));
    const [, verb = "", file] = from.split("/");
    const [, other = "", definition] = to.split("/");
    // The table holds definitions, and definitions hold what several have in common.
    if (from === "commands/table.ts") return definition !== "command.ts";
    if (to === "commands/arguments.ts") return file !== "command.ts";
    return room(from) === "commands" && verb !== other && !COMMANDS_USE[verb]?.includes(other);
  });
  expect(wrong).toEqual([]);
});

test("a command's definition loads nothing of what the command does", () => {
  const definitions = files.filter((file) => /^cli\/commands\/[^/]+\/command\.ts$/.test(file));
  expect(definitions.length).toBeGreaterThan(15);
  const eager = definitions.flatMap((file) => {
    const text = readFileSync(join(src, file), "utf8");
    return Array.from(text.matchAll(/ from "([^"]+)"/g), ([, target]) => `${file} -> ${target}`);
  });
  expect(eager.filter((line) => !/-> \.\.\/(\.\.\/framework\/command|arguments)\.ts$/.test(line))).toEqual(
    [],
  );
});

test("the domain asks the runtime for nothing but paths, and the boundary for directories", () => {
  const wrong = all.filter(({ file, target }) => {
    if (room(file) !== "session" || target.startsWith(".") || target === "node:path") return false;
    return !(target === "node:fs" && file === "session/boundary.ts");
  });
  const bun = files.filter(
    (file) => room(file) === "session" && /\bBun\./.test(readFileSync(join(src, file), "utf8")),
  );
  expect([...wrong, ...bun]).toEqual([]);
});

test("foreign modules stay in their rooms", () => {
  const wrong = all.filter(({ file, target }) => {
    const places = Object.entries(ONLY_IN).find(
      ([name]) => target === name || (name.endsWith("/") && target.startsWith(name)),
    );
    return places !== undefined && !places[1].some((place) => file.startsWith(place));
  });
  expect(wrong).toEqual([]);
});

test("only main.ts ends the process", () => {
  expect(
    files.filter(
      (file) => file !== "main.ts" && /process\.exit\(/.test(readFileSync(join(src, file), "utf8")),
    ),
  ).toEqual([]);
});

test("files say what they are for", () => {
  const mute = files.filter((file) => !/^(#!.*\n)?\/\/ .{10}/.test(readFileSync(join(src, file), "utf8")));
  expect(mute).toEqual([]);
});

test("no room is called after nothing", () => {
  const empty = /(^|\/)(utils?|helpers?|common|types|core|lib|services?|index)(\.ts|\/)/;
  expect(files.filter((file) => empty.test(file))).toEqual([]);
});

// A skip without a reason is read by nobody: one test of the compiled executable was skipped in every run of the gate.
test("what is skipped says for want of what: by testUnless and describeUnless", () => {
  const root = join(src, "..");
  const silent = /\b(?:test|describe|it)\.(?:skip|skipIf|if|todo|todoIf|failing|only)\b/;
  const tests = Array.from(new Bun.Glob("test/**/*.ts").scanSync(root));
  const may = ["test/support/unless.ts", "test/architecture.test.ts"];
  expect(
    tests.filter((file) => !may.includes(file) && silent.test(readFileSync(join(root, file), "utf8"))),
  ).toEqual([]);
});
