// The table of platforms, the manifests made from it, and tarballs that come out the same twice.
import { describe, expect, test } from "bun:test";
import { chmodSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { platformManifest, platforms, stagePlatform, tarball, wrapperManifest } from "../../npm/packages.ts";
import { hostTarget, TARGETS, targetOf } from "../../npm/targets.ts";

const root = join(import.meta.dir, "..", "..");

describe("the table", () => {
  test("names every package and platform once, and a runtime the lockfile pins to the version we build with", () => {
    const lock = readFileSync(join(root, "bun.lock"), "utf8");
    expect(new Set(TARGETS.map((target) => target.package)).size).toBe(TARGETS.length);
    expect(new Set(TARGETS.map((target) => `${target.os} ${target.cpu} ${target.libc}`)).size).toBe(
      TARGETS.length,
    );
    for (const target of TARGETS) expect(lock).toContain(`"${target.runtime}@${Bun.version}"`);
  });

  test("this machine is one of them, and an unknown id is answered with those that exist", () => {
    expect(hostTarget()?.os).toBe(process.platform as never);
    expect(hostTarget("linux", "arm64", "musl")?.id).toBe("linux-arm64-musl");
    expect(hostTarget("sunos", "x64", "glibc")).toBeUndefined();
    expect(() => targetOf("beos")).toThrow(/no target "beos".*macos-arm64/);
  });
});

describe("the manifests", () => {
  test("the wrapper depends on nothing but every platform package, optionally and at exactly its version", () => {
    const manifest = wrapperManifest("1.2.3");
    expect(manifest).not.toHaveProperty("dependencies");
    expect(Object.keys(manifest.optionalDependencies)).toEqual(TARGETS.map((target) => target.package));
    expect(new Set(Object.values(manifest.optionalDependencies))).toEqual(new Set(["1.2.3"]));
    expect(manifest.bin).toEqual({ coven: "bin/coven.js" });
  });

  test("a platform package says where it belongs and runs nothing at install time", () => {
    for (const target of TARGETS) {
      const manifest = platformManifest(target, "1.2.3");
      expect(manifest).toMatchObject({ os: [target.os], cpu: [target.cpu] });
      expect(manifest.libc).toEqual(target.libc === undefined ? undefined : [target.libc]);
      for (const field of ["scripts", "bin", "dependencies"]) expect(manifest).not.toHaveProperty(field);
    }
  });

  test("the launcher's table is the same one", () => {
    expect(platforms().map((each) => each.package)).toEqual(TARGETS.map((target) => target.package));
  });
});

test("a tarball holds the executable with its mode, and is the same bytes whenever it is made", async () => {
  const folder = mkdtempSync(join(tmpdir(), "cv-pack-"));
  try {
    const [target, binary] = [targetOf("linux-x64"), join(folder, "some-binary")];
    const sums = new Set<string>();
    for (const [out, time] of [
      ["one", 1],
      ["two", 1_700_000_000],
    ] as const) {
      writeFileSync(binary, "\x7fELF and so on");
      chmodSync(binary, out === "one" ? 0o600 : 0o777);
      utimesSync(binary, time, time);
      stagePlatform(root, join(folder, "staged"), target, "1.2.3", binary);
      const made = await tarball(join(folder, "staged"), join(folder, out));
      expect(made).toBe(join(folder, out, "opencoven-cli-linux-x64-1.2.3.tgz"));
      sums.add(new Bun.CryptoHasher("sha256").update(readFileSync(made)).digest("hex"));
      const listed = await Bun.$`tar -tvzf ${made}`.text();
      expect(listed).toMatch(/^-rwxr-xr-x.* package\/bin\/coven$/m);
      expect(listed).toMatch(/^-rw-r--r--.* package\/LICENSE$/m);
    }
    expect(sums.size).toBe(1);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
