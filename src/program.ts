// How this very program is started again: compiled, or from its source.
import { existsSync } from "node:fs";
import { join } from "node:path";

/**
 * The argv that starts this program, to be followed by its arguments; the first element is absolute. Asked for anew each
 * time: a package runner deletes our file while we run, and Linux still starts it through us for as long as we live.
 * Bun runs what `bunfig.toml`, `.env` and `tsconfig.json` of the directory it starts in say, and the demo starts in somebody's
 * repository: from source ours are named instead; a compiled program reads none (build.ts).
 */
export function selfCommand(): string[] {
  if (!isCompiled()) {
    const root = join(import.meta.dir, "..");
    const ours = [
      `--config=${join(root, "bunfig.toml")}`,
      `--tsconfig-override=${join(root, "tsconfig.json")}`,
    ];
    return [process.execPath, ...ours, "--no-env-file", join(root, "src", "main.ts")];
  }
  const gone = process.platform === "linux" && !existsSync(process.execPath);
  return [gone ? `/proc/${process.pid}/exe` : process.execPath];
}

/** Whether this is a compiled executable: its modules then lie in the file system Bun embeds. */
export function isCompiled(): boolean {
  return /^(?:\/\$bunfs\/|[A-Z]:[\\/]~BUN[\\/])/.test(Bun.main);
}
