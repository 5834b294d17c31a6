// Builds what is published: executables, npm tarballs, checksums, the bill of materials, recipes, notes.
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { basename, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { CLIENT, stageClient } from "./npm/client-package.ts";
import { compile } from "./npm/compile.ts";
import { notesOf } from "./npm/notes.ts";
import { stagePlatform, stageWrapper, tarball } from "./npm/packages.ts";
import { type Asset, homebrewFormula, pkgbuild, RECIPE_TARGETS } from "./npm/recipes.ts";
import { billOfMaterials } from "./npm/sbom.ts";
import { hostTarget, TARGETS, type Target, targetOf, WRAPPER } from "./npm/targets.ts";
import { dependencies, version } from "./package.json";

const USAGE = `bun build.ts                 this machine's executable, dist/coven
bun build.ts --all           every target, dist/<target>/coven; needs the runtimes of all:
                             bun install --frozen-lockfile --os='*' --cpu='*' --libc='*'
bun build.ts --target ID     one target (may be repeated): ${TARGETS.map((target) => target.id).join(", ")}
             --pack          also the npm tarballs and what hangs on a release, dist/release
             --out DIR       instead of dist`;

const root = import.meta.dir;

/** What a call asks for: decided before anything is done. */
interface Plan {
  readonly targets: readonly Target[];
  readonly pack: boolean;
  readonly out: string;
}

function plan(argv: string[]): Plan | undefined {
  const { values } = parseArgs({
    args: argv,
    options: {
      all: { type: "boolean", default: false },
      target: { type: "string", multiple: true, default: [] },
      pack: { type: "boolean", default: false },
      out: { type: "string", default: "dist" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return undefined;
  const out = resolve(values.out);
  if (values.all) return { targets: TARGETS, pack: values.pack, out };
  if (values.target.length > 0) return { targets: values.target.map(targetOf), pack: values.pack, out };
  const host = hostTarget();
  if (host === undefined) throw new Error(`Nothing is built for ${process.platform}-${process.arch}.`);
  return { targets: [host], pack: values.pack, out };
}

async function build({ targets, pack, out }: Plan): Promise<void> {
  const binaries = new Map<Target, string>();
  for (const target of targets) {
    const outfile = join(out, target.id, target.executable);
    const bytes = await compile({ root, entry: join(root, "src", "main.ts"), target, outfile });
    binaries.set(target, outfile);
    say(`${outfile}  ${(bytes / 1e6).toFixed(0)} MB`);
  }
  const host = hostTarget();
  const own = host === undefined ? undefined : binaries.get(host);
  if (own !== undefined) {
    // Copied beside and renamed: dist/coven may be running.
    copyFileSync(own, `${join(out, basename(own))}.new`);
    renameSync(`${join(out, basename(own))}.new`, join(out, basename(own)));
  }
  if (pack) await release(out, binaries);
}

async function release(out: string, binaries: ReadonlyMap<Target, string>): Promise<void> {
  const folder = join(out, "release");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const assets = new Map<string, Asset>();
  for (const [target, binary] of binaries) {
    const staged = join(out, "npm", target.id);
    stagePlatform(root, staged, target, version, binary);
    assets.set(target.id, asset(await tarball(staged, folder)));
  }
  const staged = join(out, "npm", "cli");
  stageWrapper(root, staged, version);
  assets.set(WRAPPER, asset(await tarball(staged, folder)));
  const client = join(out, "npm", "client");
  await stageClient(root, client, version);
  assets.set(CLIENT, asset(await tarball(client, folder)));

  const bill = join(folder, `coven-${version}.cdx.json`);
  writeFileSync(bill, billOfMaterials(root, version, Object.keys(dependencies), Array.from(binaries.keys())));
  const sums = [...Array.from(assets.values()), asset(bill)].sort((a, b) => (a.file < b.file ? -1 : 1));
  writeFileSync(
    join(folder, "SHA256SUMS"),
    `${sums.map((each) => `${each.sha256}  ${each.file}`).join("\n")}\n`,
  );
  if (RECIPE_TARGETS.every((target) => assets.has(target.id))) {
    writeFileSync(join(folder, "coven.rb"), homebrewFormula(version, assets));
    writeFileSync(join(folder, "PKGBUILD"), pkgbuild(version, assets));
  }
  const changelog = join(root, "CHANGELOG.md");
  const notes = existsSync(changelog) ? notesOf(readFileSync(changelog, "utf8"), version) : undefined;
  if (notes !== undefined) writeFileSync(join(folder, "NOTES.md"), `${notes}\n`);
  else say(`CHANGELOG.md has no section for ${version}: no NOTES.md was written.`);
  for (const each of sums) say(`${each.sha256}  ${each.file}`);
}

function asset(path: string): Asset {
  const sha256 = new Bun.CryptoHasher("sha256").update(readFileSync(path)).digest("hex");
  return { file: basename(path), sha256 };
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

try {
  const wanted = plan(process.argv.slice(2));
  if (wanted === undefined) say(USAGE);
  else await build(wanted);
} catch (error) {
  process.stderr.write(`Error: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
