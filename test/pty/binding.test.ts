// The rule that a compiled executable never loads native code from where it is started.
import { expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

// Regression: the package was found by a resolver. Compiled, that looked into the node_modules of the current
// directory, so `COVEN_PTY=node-pty` in a hostile repository loaded the repository's own pty.node into the daemon.
test("COVEN_PTY=node-pty in a compiled executable ignores the node_modules of the current directory", async () => {
  const dir = mkdtempSync(join(tmpdir(), "cv-bind-"));
  try {
    const drivers = join(import.meta.dir, "../../src/pty/drivers.ts");
    const probe = join(dir, "probe.ts");
    writeFileSync(
      probe,
      `import { ptyHost } from ${JSON.stringify(drivers)};
       try { console.log("loaded " + ptyHost(process.env).driver); } catch (error) { console.log(error.code); }`,
    );
    const outfile = join(dir, "probe");
    const built = Bun.spawnSync([process.execPath, "build", "--compile", "--outfile", outfile, probe], {
      cwd: dir,
    });
    expect(built.exitCode).toBe(0);
    const planted = join(dir, "node_modules/node-pty/build/Release");
    mkdirSync(planted, { recursive: true });
    writeFileSync(join(planted, "../../package.json"), '{"name":"node-pty","version":"1.1.0"}');
    writeFileSync(join(planted, "pty.node"), "not even a library");
    const said = (driver: string) =>
      Bun.spawnSync([outfile], { cwd: dir, env: { PATH: process.env["PATH"] ?? "", COVEN_PTY: driver } });
    expect(said("bun").stdout.toString()).toBe("loaded bun\n");
    expect(said("node-pty").stdout.toString()).toBe("runtime_unavailable\n");
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});
