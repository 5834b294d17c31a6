// What lies in each npm package: the manifests, the launcher's table, and the folder a tarball is made from.
import { chmodSync, copyFileSync, existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { REPOSITORY, TARGETS, type Target, WRAPPER } from "./targets.ts";

/** The fields every package shares. */
export function common(name: string, version: string, description: string) {
  return {
    name,
    version,
    description,
    license: "MIT",
    homepage: `${REPOSITORY}#readme`,
    repository: { type: "git", url: `git+${REPOSITORY}.git` },
  };
}

/** The manifest of a platform package: it carries one executable and nothing that runs at install time. */
export function platformManifest(target: Target, version: string) {
  return {
    ...common(target.package, version, `The coven executable for ${target.id}. Install ${WRAPPER} instead.`),
    os: [target.os],
    cpu: [target.cpu],
    ...(target.libc === undefined ? {} : { libc: [target.libc] }),
    files: ["bin"],
    // Yarn's Plug'n'Play would leave it in a zip file, from which nothing can be executed.
    preferUnplugged: true,
    publishConfig: { access: "public" },
  };
}

/** The manifest of the package people install. It depends on nothing but the platform packages, at exactly its version. */
export function wrapperManifest(version: string, targets: readonly Target[] = TARGETS) {
  return {
    ...common(
      WRAPPER,
      version,
      "A local runtime for coding agents: every run in a pseudo-terminal, every byte kept, any client may watch.",
    ),
    keywords: ["coding-agent", "codex", "claude", "pty", "terminal", "session", "daemon"],
    bin: { coven: "bin/coven.js" },
    files: ["bin", "install.js", "platforms.json"],
    scripts: { postinstall: "node install.js" },
    engines: { node: ">=18" },
    optionalDependencies: Object.fromEntries(targets.map((target) => [target.package, version])),
    publishConfig: { access: "public" },
  };
}

/** What the launcher reads to find its executable; it must run without a bundler and without TypeScript. */
export function platforms(targets: readonly Target[] = TARGETS) {
  return targets.map(({ package: name, os, cpu, libc, executable }) => ({
    package: name,
    os,
    cpu,
    ...(libc === undefined ? {} : { libc }),
    executable,
  }));
}

/** Writes the folder of a platform package at `folder`, anew. */
export function stagePlatform(
  root: string,
  folder: string,
  target: Target,
  version: string,
  binary: string,
): void {
  begin(root, folder, platformManifest(target, version));
  write(
    join(folder, "README.md"),
    `# ${target.package}\n\nThe \`coven\` executable for ${target.id}. It is installed by \`${WRAPPER}\`; install that one.\n`,
  );
  mkdirSync(join(folder, "bin"));
  copyFileSync(binary, join(folder, "bin", target.executable));
  chmodSync(join(folder, "bin", target.executable), 0o755);
}

/** Writes the folder of the wrapper at `folder`, anew. `targets` are those it may find its executable in. */
export function stageWrapper(
  root: string,
  folder: string,
  version: string,
  targets: readonly Target[] = TARGETS,
): void {
  begin(root, folder, wrapperManifest(version, targets));
  const source = join(root, "npm", "cli");
  mkdirSync(join(folder, "bin"));
  for (const file of ["README.md", "install.js", "bin/coven.js"]) {
    copyFileSync(join(source, file), join(folder, file));
    // Modes of a checkout differ from one machine to the next; those in a tarball must not.
    chmodSync(join(folder, file), file === "bin/coven.js" ? 0o755 : 0o644);
  }
  write(join(folder, "platforms.json"), `${JSON.stringify(platforms(targets), null, 2)}\n`);
}

/** Makes a tarball of a staged folder in `destination` and returns its path. Same folder, same bytes. */
export async function tarball(folder: string, destination: string): Promise<string> {
  mkdirSync(destination, { recursive: true });
  const { name, version } = await Bun.file(join(folder, "package.json")).json();
  const file = join(destination, `${String(name).replace("@", "").replace("/", "-")}-${version}.tgz`);
  rmSync(file, { force: true });
  // Bun's packer fixes times, owners and order, and leaves the gzip header's time empty (measured; the suite compares).
  const run = Bun.spawn([process.execPath, "pm", "pack", "--ignore-scripts", "--quiet", "--filename", file], {
    cwd: folder,
    stdout: "pipe",
    stderr: "pipe",
  });
  const [code, said] = [await run.exited, await new Response(run.stderr).text()];
  if (code !== 0 || !existsSync(file))
    throw new Error(`bun pm pack in ${folder} ended with ${code}: ${said}`);
  return file;
}

/** Makes the folder of a package anew, with its manifest and the licence. */
export function begin(root: string, folder: string, manifest: object): void {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  write(join(folder, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
  const license = join(root, "LICENSE");
  if (!existsSync(license)) return;
  copyFileSync(license, join(folder, "LICENSE"));
  chmodSync(join(folder, "LICENSE"), 0o644);
}

/** Writes a file with the mode that every checkout gives it. */
export function write(path: string, text: string): void {
  writeFileSync(path, text);
  chmodSync(path, 0o644);
}
