// A process by its descriptor: that it has ended, and how, although it is nobody's child here.
import { expect } from "bun:test";
import { release } from "node:os";
import type { ChildExit } from "../../src/os/children.ts";
import { openProcess, watchProcess } from "../../src/os/process-descriptor.ts";
import { program } from "../pty/play.ts";
import { notLinux, testUnless } from "../support/unless.ts";

const [major = 0, minor = 0] = release().split(".").map(Number);
/** From then on the kernel tells how; before, only that. */
const tells = major > 6 || (major === 6 && minor >= 15);
const none = major > 5 || (major === 5 && minor >= 3) ? undefined : "needs Linux 5.3";

/** A grandchild: its parent, which is no test of ours, learns how it ends. */
async function stranger(last: string): Promise<{ readonly pid: number; go(): void }> {
  const parent = Bun.spawn(
    [program("sh"), "-c", `exec 3<&0; { read -r go <&3; ${last}; } & echo $!; wait; exit 0`],
    {
      stdio: ["pipe", "pipe", "ignore"],
      env: { PATH: process.env["PATH"] ?? "" },
    },
  );
  const { value } = await parent.stdout.getReader().read();
  return {
    pid: Number(Buffer.from(value ?? []).toString()),
    go() {
      void parent.stdin.write("\n");
      void parent.stdin.flush();
    },
  };
}

testUnless(notLinux, none).each([
  ["its exit code", "exit 7", { exitCode: 7, signal: null }],
  ["the signal that ended it", "exec sh -c 'kill -TERM $$'", { exitCode: null, signal: "SIGTERM" }],
] as const)("the end of a process that is no child of ours is told once: %s", async (_, last, exit) => {
  const { pid, go } = await stranger(last);
  const fd = openProcess(pid) ?? expect.unreachable("it runs");
  const told: ChildExit[] = [];
  const over = Promise.withResolvers<void>();
  const watch = watchProcess(fd, (how) => {
    told.push(how);
    over.resolve();
  });
  watch.look();
  await new Promise<void>((turn) => void setTimeout(turn, 20));
  expect(told).toEqual([]);
  go();
  await over.promise;
  watch.look();
  await new Promise<void>((turn) => void setTimeout(turn, 20));
  expect(told).toEqual([tells ? exit : { exitCode: null, signal: null }]);
});

testUnless(notLinux, none)("of one that is gone there is no descriptor", async () => {
  const child = Bun.spawn([program("true")]);
  await child.exited;
  expect(openProcess(child.pid)).toBeUndefined();
});
