// Tests src/home.ts on real directories: what is made, what is mended, what is refused before it is touched.
import { afterEach, beforeEach, expect, test } from "bun:test";
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkHome, makeHome } from "../src/home.ts";
import { covenPaths } from "../src/paths.ts";
import { refusalOf, rootOnly } from "./support/refusal.ts";

let base: string;
let home: string;

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), "cv-home-"));
  home = join(base, "h");
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

const make = (path = home) => makeHome(covenPaths({ COVEN_HOME: path }));
const mode = (path: string) => (lstatSync(path).mode & 0o777).toString(8);

function under(umask: number, run: () => void): void {
  const before = process.umask(umask);
  try {
    run();
  } finally {
    process.umask(before);
  }
}

test.each([0o000, 0o022, 0o077, 0o777])(
  "a home made under umask %o is private, its new parents too",
  (umask) => {
    under(umask, () => make(join(base, "a/b/h")));
    for (const path of ["a", "a/b", "a/b/h", "a/b/h/logs"]) expect(mode(join(base, path))).toBe("700");
  },
);

test("the umask of the process is what it was", () => {
  under(0o027, () => {
    make();
    expect(process.umask()).toBe(0o027);
  });
});

test("what is ours and too open is mended; owner bits, links and what they lead to stay", () => {
  mkdirSync(join(home, "logs"), { recursive: true });
  mkdirSync(join(home, "harnesses"));
  const outside = join(base, "outside");
  for (const path of [
    join(home, "coven.db"),
    join(home, "logs/daemon.log"),
    join(home, "harnesses/x.toml"),
    outside,
  ]) {
    writeFileSync(path, "kept");
    chmodSync(path, 0o666);
  }
  chmodSync(join(home, "harnesses/x.toml"), 0o555);
  for (const path of [home, join(home, "logs"), join(home, "harnesses")]) chmodSync(path, 0o777);
  symlinkSync(outside, join(home, "link"));
  make();
  for (const path of ["", "logs", "harnesses"]) expect(mode(join(home, path))).toBe("700");
  expect(mode(join(home, "coven.db"))).toBe("600");
  expect(mode(join(home, "logs/daemon.log"))).toBe("600");
  expect(mode(join(home, "harnesses/x.toml"))).toBe("500");
  expect(mode(outside)).toBe("666");
});

test("a symbolic link is refused, with a trailing slash too, and what it leads to is untouched", () => {
  const target = join(base, "target");
  mkdirSync(target, { mode: 0o755 });
  chmodSync(target, 0o755);
  symlinkSync(target, home);
  for (const path of [home, `${home}/`]) {
    expect(refusalOf(() => make(path))).toMatchObject({
      code: "invalid_request",
      details: { reason: "symlink" },
    });
  }
  expect(readdirSync(target)).toEqual([]);
  expect(mode(target)).toBe("755");
});

test("a link that leads nowhere is refused, and nothing is made where it points", () => {
  symlinkSync(join(base, "nowhere"), home);
  expect(refusalOf(() => make())).toMatchObject({ code: "invalid_request", details: { reason: "symlink" } });
  expect(existsSync(join(base, "nowhere"))).toBe(false);
});

test("a home reached through a linked parent is fine", () => {
  mkdirSync(join(base, "real"));
  symlinkSync(join(base, "real"), join(base, "linked"));
  make(join(base, "linked/h"));
  expect(mode(join(base, "real/h"))).toBe("700");
});

test("a file as home, and a file as its parent, are refused and stay as they are", () => {
  writeFileSync(home, "a file");
  expect(refusalOf(() => make())).toMatchObject({
    code: "invalid_request",
    details: { reason: "not_a_directory" },
  });
  expect(refusalOf(() => make(join(home, "sub"))).message).toContain("director");
  expect(statSync(home).size).toBe(6);
});

test("beneath a directory anybody may rewrite nothing is made; the sticky bit makes it safe", () => {
  const open = join(base, "open");
  mkdirSync(join(open, "in"), { recursive: true });
  chmodSync(open, 0o777);
  expect(refusalOf(() => make(join(open, "in/h")))).toMatchObject({
    code: "invalid_request",
    details: { reason: "unsafe_ancestor" },
  });
  expect(readdirSync(join(open, "in"))).toEqual([]);
  chmodSync(open, 0o1777);
  make(join(open, "in/h"));
  expect(mode(join(open, "in/h"))).toBe("700");
});

test("an existing world-writable home of ours is mended, since it is the home itself", () => {
  mkdirSync(home);
  chmodSync(home, 0o777);
  make();
  expect(mode(home)).toBe("700");
});

// COVEN_HOME=/tmp, typed by root, made /tmp 0700 and took every entry in it away from all other users; so did COVEN_HOME=/.
test("a directory that is everybody's is refused and stays everybody's", () => {
  mkdirSync(home);
  chmodSync(home, 0o1777);
  writeFileSync(join(home, "theirs"), "");
  chmodSync(join(home, "theirs"), 0o644);
  const shared = { code: "invalid_request", details: { reason: "shared" } };
  expect(refusalOf(() => make())).toMatchObject(shared);
  // Only looked at: a test that fails must not lock anybody out.
  const root = process.getuid?.() === 0 ? shared : { ...shared, details: { reason: "foreign_owner" } };
  expect(refusalOf(() => checkHome("/"))).toMatchObject(root);
  expect(lstatSync(home).mode & 0o7777).toBe(0o1777);
  expect({ entries: readdirSync(home), mode: mode(join(home, "theirs")) }).toEqual({
    entries: ["theirs"],
    mode: "644",
  });
});

test("what lies in the home and is not ours keeps its mode", () => {
  mkdirSync(home, { mode: 0o755 });
  writeFileSync(join(home, "notes.txt"), "");
  chmodSync(join(home, "notes.txt"), 0o644);
  make();
  expect([mode(home), mode(join(home, "notes.txt"))]).toEqual(["700", "644"]);
});

rootOnly("somebody else's home is refused and untouched", () => {
  mkdirSync(home);
  chmodSync(home, 0o755);
  chownSync(home, 12345, 12345);
  const said = refusalOf(() => make());
  expect(said).toMatchObject({ code: "invalid_request", details: { reason: "foreign_owner" } });
  expect(said.message).toContain("12345");
  expect({ entries: readdirSync(home), mode: mode(home) }).toEqual({ entries: [], mode: "755" });
});

rootOnly("a read-only file system is said to be one", () => {
  mkdirSync(home);
  mount(["-t", "tmpfs", "-o", "ro,mode=700", "tmpfs", home]);
  try {
    const said = refusalOf(() => make());
    expect(said).toMatchObject({ code: "runtime_unavailable", details: { cause: "EROFS" } });
    expect(said.message).toContain("read-only");
  } finally {
    Bun.spawnSync(["umount", home]);
  }
});

function mount(args: string[]): void {
  const { exitCode, stderr } = Bun.spawnSync(["mount", ...args]);
  if (exitCode !== 0) throw new Error(`mount: ${stderr}`);
}
