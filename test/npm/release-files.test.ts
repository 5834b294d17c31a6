// What hangs on a release beside the tarballs: the bill of materials, the recipes, the notes.

import { describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { notesOf } from "../../npm/notes.ts";
import { type Asset, homebrewFormula, pkgbuild } from "../../npm/recipes.ts";
import { billOfMaterials } from "../../npm/sbom.ts";
import { TARGETS } from "../../npm/targets.ts";
import { dependencies } from "../../package.json";
import { testUnless, without } from "../support/unless.ts";

const root = join(import.meta.dir, "..", "..");

describe("the bill of materials", () => {
  const text = billOfMaterials(root, "1.2.3", Object.keys(dependencies), TARGETS);
  const bill = JSON.parse(text);
  const refs: string[] = bill.components.map((each: { purl: string }) => each.purl);

  test("names every dependency, what those need, and the runtime of every target; nothing of the workshop", () => {
    for (const [name, version] of Object.entries(dependencies)) {
      expect(refs).toContain(`pkg:npm/${name.replace("@", "%40")}@${version}`);
    }
    expect(refs).toContainEqual(expect.stringMatching(/^pkg:npm\/sisteransi@/));
    for (const target of TARGETS) {
      expect(refs).toContain(`pkg:npm/${target.runtime.replace("@", "%40")}@${Bun.version}`);
    }
    for (const tool of ["typescript", "biome", "node-pty"]) {
      expect(refs.filter((ref) => ref.includes(tool))).toEqual([]);
    }
  });

  test("has a hash and a licence for each, and a graph without loose ends", () => {
    for (const each of bill.components) {
      expect(each.hashes[0].content).toMatch(/^[0-9a-f]{128}$/);
      expect(each.licenses[0].license.id).toMatch(/^[A-Z]/);
    }
    const known = new Set([bill.metadata.component["bom-ref"], ...refs]);
    for (const { ref, dependsOn } of bill.dependencies) {
      expect(known).toContain(ref);
      for (const needed of dependsOn) expect(known).toContain(needed);
    }
  });

  test("comes out the same twice, and refuses what the lockfile doesn't know", () => {
    expect(billOfMaterials(root, "1.2.3", Object.keys(dependencies).reverse(), TARGETS)).toBe(text);
    expect(() => billOfMaterials(root, "1.2.3", ["left-pad"], [])).toThrow("left-pad is not in bun.lock");
  });
});

describe("the recipes", () => {
  const assets = new Map<string, Asset>(
    TARGETS.map((target, index) => [target.id, { file: `${target.id}.tgz`, sha256: `${index}`.repeat(64) }]),
  );

  test("the PKGBUILD is a shell script that gives each architecture its own file and sum", async () => {
    const folder = mkdtempSync(join(tmpdir(), "cv-aur-"));
    try {
      writeFileSync(join(folder, "PKGBUILD"), pkgbuild("1.2.3-beta.1", assets));
      const said =
        await Bun.$`bash -euc ${`. ${folder}/PKGBUILD; declare -F package; echo $pkgver; echo \${source_aarch64[0]} \${sha256sums_aarch64[0]}; echo \${source_x86_64[0]} \${sha256sums_x86_64[0]}`}`.text();
      expect(said.trim().split("\n")).toEqual([
        "package",
        "1.2.3_beta.1",
        `https://github.com/OpenCoven/coven/releases/download/v1.2.3-beta.1/linux-arm64.tgz ${"3".repeat(64)}`,
        `https://github.com/OpenCoven/coven/releases/download/v1.2.3-beta.1/linux-x64.tgz ${"2".repeat(64)}`,
      ]);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test("the formula has four downloads, each with the sum of its own file", () => {
    const formula = homebrewFormula("1.2.3", assets);
    const pairs = Array.from(formula.matchAll(/download\/v1\.2\.3\/([\w-]+)\.tgz"\n\s+sha256 "(\d)\2{63}"/g));
    expect(pairs.map((pair) => [pair[1], pair[2]])).toEqual([
      ["macos-arm64", "0"],
      ["macos-x64", "1"],
      ["linux-arm64", "3"],
      ["linux-x64", "2"],
    ]);
  });

  testUnless(without("ruby"))("the formula is Ruby", async () => {
    const checked = Bun.spawn(["ruby", "-c"], {
      stdin: new Blob([homebrewFormula("1.2.3", assets)]),
      stdout: "ignore",
    });
    expect(await checked.exited).toBe(0);
  });

  test("a recipe without its package is refused", () => {
    expect(() => pkgbuild("1.2.3", new Map())).toThrow("need the package of linux-x64");
  });
});

describe("the notes of a release", () => {
  const changelog =
    "# Changelog\n\n## Unreleased\n\n- soon\n\n## [0.5.1] - 2026-12-01\n\n- was wrong, is right\n\n### Added\n\n- more\n\n## 0.5.0\n";

  test("are the version's own section, subsections with it", () => {
    expect(notesOf(changelog, "0.5.1")).toBe("- was wrong, is right\n\n### Added\n\n- more");
  });

  test("are missing for an empty section, an unknown version, and a version another one begins with", () => {
    for (const version of ["0.5.0", "0.6.0", "0.5"]) expect(notesOf(changelog, version)).toBeUndefined();
  });
});
