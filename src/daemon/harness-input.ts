// What a harness reads from standard input where the driver can only give it the terminal: a file of ours, and a program of ours in between.
import { readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { INPUT_COMMAND } from "../harness/with-input.ts";
import type { PtyHost } from "../session/ports/pty.ts";

const PREFIX = "input-";

/**
 * The host, able to give standard input on every driver. `posix` gives a file in memory by itself; for the others the text lies in a private file of the
 * home until the program has opened it. One that a crash has left is removed here.
 */
export function withInput(host: PtyHost, home: string, self: () => readonly string[]): PtyHost {
  for (const name of readdirSync(home)) {
    if (name.startsWith(PREFIX)) rmSync(join(home, name), { force: true });
  }
  if (host.driver === "posix") return host;
  return {
    ...host,
    spawn({ stdin, ...options }, events) {
      if (!stdin) return host.spawn(options, events);
      const file = join(home, `${PREFIX}${crypto.randomUUID()}`);
      writeFileSync(file, stdin, { mode: 0o600, flag: "wx" });
      try {
        return host.spawn({ ...options, argv: [...self(), INPUT_COMMAND, file, ...options.argv] }, events);
      } catch (error) {
        rmSync(file, { force: true });
        throw error;
      }
    },
  };
}
