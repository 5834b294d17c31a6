// Restarts at random moments of a busy daemon: sessions begin, end, are killed, attached to, pasted into, resized and archived meanwhile.

import { isUnreachable } from "../../src/api/client.ts";
import { CovenError } from "../../src/errors.ts";
import type { DaemonHome } from "./daemon-home.ts";
import { restartInPlace } from "./in-place.ts";
import { until } from "./until.ts";

/** What was done, and everything that was not as it should be, in words. */
export interface RandomRestarts {
  readonly restarts: number;
  readonly sessions: number;
  readonly keys: number;
  readonly pastes: number;
  readonly wrong: readonly string[];
}

const PASTE = "0123456789".repeat(100_000);
const SUM = new Bun.CryptoHasher("sha256").update(PASTE).digest("hex");

/** `codex` of the home must run its prompt with sh. `pick(n)` gives 0 to n - 1. */
export async function randomRestarts(
  home: DaemonHome,
  { restarts, pick }: { readonly restarts: number; pick(below: number): number },
): Promise<RandomRestarts> {
  const { client } = home;
  const wrong: string[] = [];
  let over = false;
  let sessions = 0;
  let keys = 0;
  let pastes = 0;
  const pause = (most: number) => Bun.sleep(pick(most));
  const pid = (await client.health()).daemon?.pid;

  /** Again until somebody answers; `sure` tells whether an earlier try may have been heard. */
  async function ask<T>(call: () => Promise<T>): Promise<{ answer: T; sure: boolean }> {
    let sure = true;
    const answer = await until(
      "the daemon answers",
      async () => {
        try {
          return { value: await call() };
        } catch (error) {
          if (!isUnreachable(error)) throw error;
          const cause = error instanceof CovenError ? error.details?.["cause"] : undefined;
          if (cause !== "ECONNREFUSED" && cause !== "ENOENT") sure = false;
          return undefined;
        }
      },
      20_000,
    );
    return { answer: answer.value, sure };
  }
  const textOf = async (id: string) => {
    const { answer } = await ask(async () => Buffer.concat(await Array.fromAsync(client.output(id))));
    return answer.toString();
  };
  const launch = async (prompt: string) => {
    sessions += 1;
    const key = `key-${sessions}-${pick(1e9)}`;
    const asked = { projectRoot: home.project, harness: "codex", prompt };
    return (await ask(() => client.launch(asked, { idempotencyKey: key }))).answer.id;
  };
  const ended = (id: string) =>
    until(
      `${id} has ended`,
      async () => {
        const session = (await ask(() => client.session(id))).answer;
        return session.status !== "running" && session;
      },
      30_000,
    );

  const doings: readonly (() => Promise<void>)[] = [
    async function exits() {
      const code = pick(200);
      const id = await launch(`seq 1 500; sleep 0.${pick(90) + 10}; echo end; exit ${code}`);
      const { exit_code } = await ended(id);
      const want = `${Array.from({ length: 500 }, (_, i) => `${i + 1}\r\n`).join("")}end\r\n`;
      if (exit_code !== code) wrong.push(`${id}: exit code ${exit_code}, not ${code}`);
      if ((await textOf(id)) !== want) wrong.push(`${id}: its output is not what it printed`);
      await ask(() => client.archive(id));
    },
    async function floods() {
      const lines = 20_000 + pick(60_000);
      const id = await launch(`seq 1 ${lines}`);
      const { status } = await ended(id);
      if (status !== "completed") wrong.push(`${id}: the flood is ${status}`);
      const text = await textOf(id);
      const want = Array.from({ length: lines }, (_, i) => `${i + 1}\r\n`).join("");
      if (text !== want) wrong.push(`${id}: a flood of ${want.length} bytes came as ${text.length}`);
    },
    async function isKilled() {
      const stubborn = pick(2) === 0 ? "trap '' TERM HUP; " : "";
      const id = await launch(`${stubborn}echo up; while :; do sleep 0.05; done`);
      await pause(300);
      await ask(() => client.kill(id).catch(unlessOver));
      const { status } = await ended(id);
      if (status !== "killed") wrong.push(`${id}: killed, and ${status}`);
    },
    async function isTypedInto() {
      const id = await launch(
        'stty -echo; echo up; while read -r line; do echo "<$line>"; [ "$line" = end ] && exit 0; done',
      );
      await until("it listens", async () => (await textOf(id)).includes("up"));
      const typed: { word: string; sure: boolean }[] = [];
      for (let i = 0; i < 40; i++) {
        const word = `w${i}`;
        // What nobody has answered may have been heard: it is not typed once more.
        const sure = await client.input(id, `${word}\r`).then(
          () => true,
          (error: unknown) => {
            if (!isUnreachable(error)) throw error;
            return false;
          },
        );
        typed.push({ word, sure });
        keys += 1;
        await pause(40);
      }
      await ask(() => client.input(id, "end\r").catch(unlessOver));
      await ended(id);
      const heard = Array.from((await textOf(id)).matchAll(/<(w\d+)>/g), ([, word]) => word);
      const expected = typed.filter(({ word, sure }) => sure || heard.includes(word)).map(({ word }) => word);
      if (heard.join() !== expected.join())
        wrong.push(`${id}: typed ${expected.join()}, heard ${heard.join()}`);
    },
    async function isPastedInto() {
      const id = await launch(
        `stty raw -echo; echo up; sleep 0.${pick(9)}; head -c ${PASTE.length} | sha256sum`,
      );
      await until("it listens", async () => (await textOf(id)).includes("up"));
      const heard = await client.input(id, PASTE).then(
        () => true,
        () => false,
      );
      if (!heard) {
        await ask(() => client.kill(id).catch(unlessOver));
        return;
      }
      pastes += 1;
      await ended(id);
      if (!(await textOf(id)).includes(SUM)) wrong.push(`${id}: a paste did not arrive as it was`);
    },
    async function isLookedAt() {
      const id = await launch("echo up; while read -r x; do stty size; done");
      for (let i = 0; i < 6; i++) {
        const size = { cols: 40 + pick(100), rows: 10 + pick(40) };
        const seen = client.attach(id, { size, frame: () => {}, bytes: () => {}, closed: () => {} });
        await pause(60);
        if (pick(2) === 0)
          await client.resize(id, { cols: 40 + pick(100), rows: 10 + pick(40) }).catch(() => {});
        seen.type(Buffer.from("\r"));
        await pause(60);
        seen.close();
      }
      await ask(() => client.kill(id).catch(unlessOver));
      const { status } = await ended(id);
      if (status !== "killed") wrong.push(`${id}: looked at, killed, and ${status}`);
    },
  ];

  const workers = Array.from({ length: 6 }, async (_, at) => {
    while (!over) {
      const doing = doings[(at + pick(2) * pick(doings.length)) % doings.length];
      await doing?.().catch((error: unknown) => void wrong.push(`${doing.name}: ${String(error)}`));
    }
  });
  for (let i = 0; i < restarts; i++) {
    await pause(250);
    try {
      const { refused, pid: now } = await restartInPlace(home);
      if (refused !== null) wrong.push(`restart ${i} was refused: ${refused}`);
      if (now !== pid) wrong.push(`restart ${i}: pid ${now}, not ${pid}`);
    } catch (error) {
      wrong.push(`restart ${i}: ${String(error)}`);
    }
  }
  over = true;
  await Promise.all(workers);
  return { restarts, sessions, keys, pastes, wrong };
}

/** A kill or a key that comes too late was not needed. */
function unlessOver(error: unknown): undefined {
  if (error instanceof CovenError && error.code === "session_not_live") return undefined;
  throw error;
}
