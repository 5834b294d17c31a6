// Slow: every target is built and packed, twice; the files are read, and those that can be started here are.
// Run it with: bun test ./test/npm/release.suite.ts, after bun install --frozen-lockfile --os='*' --cpu='*' --libc='*'

import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runtimeOf } from "../../npm/compile.ts";
import { readSignature, signAdHoc, stalePages } from "../../npm/macho.ts";
import { TARGETS, type Target, targetOf } from "../../npm/targets.ts";
import { version } from "../../package.json";
import { testUnless } from "../support/unless.ts";
import { here, ran } from "./staged.ts";

const MINUTES = 60_000;
const root = join(import.meta.dir, "..", "..");
const folder = mkdtempSync(join(tmpdir(), "cv-rel-"));
const [one, two] = [join(folder, "one"), join(folder, "two")];
const binary = (target: Target, out = one) => join(out, target.id, target.executable);
const sum = (path: string) => new Bun.CryptoHasher("sha256").update(readFileSync(path)).digest("hex");

// Built while the file is read, since what starts here decides below which tests there are.
for (const out of [one, two]) {
  // From elsewhere the second time: the directory one stands in must not show.
  const built = await ran([process.execPath, join(root, "build.ts"), "--all", "--pack", "--out", out], {
    cwd: out === one ? root : folder,
  });
  if (built.code !== 0) throw new Error(built.err);
}
const startable = new Set<Target>();
for (const target of TARGETS) if (await starts(target)) startable.add(target);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("the same tree gives the same bytes", () => {
  for (const target of TARGETS) {
    test(target.id, () => {
      expect(sum(binary(target, two))).toBe(sum(binary(target)));
    });
  }

  test("tarballs, checksums, bill of materials, recipes and notes", () => {
    const files = readdirSync(join(one, "release")).sort();
    expect(files).toContain("SHA256SUMS");
    expect(files.filter((file) => file.endsWith(".tgz"))).toHaveLength(TARGETS.length + 2);
    expect(readdirSync(join(two, "release")).sort()).toEqual(files);
    for (const file of files) expect(sum(join(two, "release", file))).toBe(sum(join(one, "release", file)));
  });

  test("the checksums are those of the files", async () => {
    const lines = readFileSync(join(one, "release", "SHA256SUMS"), "utf8")
      .trim()
      .split("\n");
    // The tarballs of all targets, the command and the client, and the bill of materials.
    expect(lines).toHaveLength(TARGETS.length + 3);
    for (const line of lines) {
      const [sha256, file = ""] = line.split("  ");
      expect(sum(join(one, "release", file))).toBe(sha256 ?? "");
    }
  });
});

describe("each file is what its package says", () => {
  /** ELF machines and Mach-O processors, as the formats number them. */
  const MACHINE = { x64: 62, arm64: 183 };
  const PROCESSOR = { x64: 0x01000007, arm64: 0x0100000c };
  const LOADER = {
    glibc: { x64: "/lib64/ld-linux-x86-64.so.2", arm64: "/lib/ld-linux-aarch64.so.1" },
    musl: { x64: "/lib/ld-musl-x86_64.so.1", arm64: "/lib/ld-musl-aarch64.so.1" },
  };

  for (const target of TARGETS) {
    test(target.id, () => {
      const file = readFileSync(binary(target));
      expect(file.includes(root)).toBe(false);
      if (target.os === "linux") {
        expect(file.subarray(0, 4).toString("latin1")).toBe("\x7fELF");
        expect(file.readUInt16LE(18)).toBe(MACHINE[target.cpu]);
        expect(file.subarray(0, 4096).includes(`${LOADER[target.libc ?? "glibc"][target.cpu]}\0`)).toBe(true);
      } else if (target.os === "darwin") {
        expect(file.readUInt32LE(0)).toBe(0xfeedfacf);
        expect(file.readUInt32LE(4)).toBe(PROCESSOR[target.cpu]);
      } else {
        const header = file.readUInt32LE(0x3c);
        expect(file.subarray(header, header + 4).toString("latin1")).toBe("PE\0\0");
        expect(file.readUInt16LE(header + 4)).toBe(0x8664);
        // The certificate table: the runtime's own signature no longer fits and must be gone, not stale.
        expect(file.readUInt32LE(header + 24 + 112 + 32)).toBe(0);
      }
    });
  }
});

describe("the signatures macOS checks", () => {
  for (const id of ["macos-arm64", "macos-x64"]) {
    test(`${id}: every page of the file has the hash the signature says`, () => {
      const file = readFileSync(binary(targetOf(id)));
      const { identifier, flags, codeLimit, offset, size } = readSignature(file);
      expect({ identifier, flags, codeLimit, end: offset + size }).toEqual({
        identifier: "coven",
        flags: 0x20002,
        codeLimit: offset,
        end: file.length,
      });
      expect(stalePages(file)).toEqual([]);
    });
  }

  test("our signer makes, byte for byte, the signature the bundler makes for arm64", async () => {
    // The one sound reference at hand without a Mac: Bun signs arm64 itself (its x64 files come out stale).
    const entry = join(folder, "hello.ts");
    writeFileSync(entry, "console.log(1);\n");
    for (const [id, stale] of [
      ["macos-arm64", false],
      ["macos-x64", true],
    ] as const) {
      const target = targetOf(id);
      const outfile = join(folder, id);
      await Bun.build({
        entrypoints: [entry],
        compile: { target: target.bun, executablePath: runtimeOf(root, target), outfile },
      });
      const made = readFileSync(outfile);
      expect(stalePages(made).length > 0).toBe(stale);
      const signed = signAdHoc(made, readSignature(made).identifier);
      if (!stale) expect(Buffer.compare(made, signed)).toBe(0);
      expect(stalePages(signed)).toEqual([]);
    }
  });
});

/**
 * Whether this machine starts a target's executable: its own, and others through binfmt_misc and an emulator
 * (Debian: qemu-user-static with binfmt-support, libc6-arm64-cross and QEMU_LD_PREFIX=/usr/aarch64-linux-gnu).
 */
async function starts(target: Target): Promise<boolean> {
  try {
    return (await ran([binary(target), "--version"])).out === `coven ${version}\n`;
  } catch {
    return false;
  }
}

describe("started here", () => {
  test("this machine's own executable, at the least", () => {
    expect(startable).toContain(here());
  });

  for (const target of TARGETS) {
    // Skipped ones are in the count: docs/RELEASING.md says for each target what ran where.
    testUnless(startable.has(target) ? undefined : "this machine starts no such executable")(
      target.id,
      async () => {
        const home = mkdtempSync(join(tmpdir(), "cv-st-"));
        const coven = (...args: string[]) =>
          ran([binary(target), ...args], { env: { COVEN_HOME: join(home, "c") }, cwd: home });
        try {
          expect(await coven("daemon", "start")).toMatchObject({ code: 0 });
          const run = await coven("run", "demo", "lines 2");
          expect(run).toMatchObject({ code: 0, out: expect.stringContaining("line 1\nline 2\n") });
          expect((await coven("doctor")).out).toContain(`${process.platform} ${target.cpu}`);
        } finally {
          expect((await coven("daemon", "stop")).out).toContain("Coven daemon: stopped");
          rmSync(home, { recursive: true, force: true });
        }
      },
      2 * MINUTES,
    );
  }
});
