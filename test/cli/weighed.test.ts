// Who fills the disk and who was forgotten is named by the list, the daemon's status and doctor; small ones are not.
import { expect, test } from "bun:test";
import { notable } from "../../src/cli/client/weighed.ts";
import { commandLine } from "../support/command-line.ts";
import { until } from "../support/until.ts";

const NOW = Date.parse("2026-03-01T12:00:00.000Z");
const one = {
  sessionId: "3f2a9c1e-0000-4000-8000-000000000000",
  harness: "codex",
  title: "a\u001b[2Jb",
  bytes: 0,
  growthPerDay: null,
};
const named = (largest: object | null, unwatched: object | null) => {
  const sessions = {
    ...{
      live: 1,
      byStatus: { created: 0, running: 1, completed: 0, failed: 0, killed: 0, orphaned: 0 },
      byActivity: {},
    },
    largest: largest && { ...one, ...largest },
    unwatched: unwatched && { ...one, since: "2026-03-01T02:00:00.000Z", ...unwatched },
  };
  return notable({ sessions }, NOW);
};

test("only what is large or grows fast is worth a line, and one session has one", () => {
  expect(named(null, null)).toEqual([]);
  expect(named({ bytes: 99_000_000 }, { bytes: 99_000_000 })).toEqual([]);
  expect(named({ bytes: 1_400_000_000 }, null)).toEqual(["Largest: 3f2a9c1e codex a␛[2Jb: 1.4 GB"]);
  const forgotten = ["Forgotten? 3f2a9c1e codex a␛[2Jb: 5.0 MB, grows 300 MB a day, unwatched for 10h"];
  expect(
    named({ bytes: 5_000_000, growthPerDay: 300_000_000 }, { bytes: 5_000_000, growthPerDay: 300_000_000 }),
  ).toEqual(forgotten);
  expect(named(null, { bytes: 1_000_000_000, since: "2026-03-01T11:30:00.000Z" })).toEqual([]);
});

test("a session that has printed much is named by sessions and doctor", async () => {
  await using line = commandLine();
  line.home.script(
    "codex",
    "yes 'a line that says nothing at all, again and again and again' | head -c 101000000; echo over; exec sleep 600",
  );
  const id = (await line.coven(["run", "codex", "go", "--detach"])).out.trim();
  await until(
    "it has printed all",
    async () => (await line.home.client.screen(id)).lines.join("").includes("over"),
    20_000,
  );
  const says = `Largest: ${id.slice(0, 8)} codex go: 10`;
  expect((await line.coven(["sessions"])).err).toContain(says);
  expect((await line.coven(["sessions", "--json"])).err).toBe("");
  expect((await line.coven(["doctor"])).out).toContain(says);
  expect((await line.coven(["daemon", "status"])).out).toContain(
    `Largest live: ${id.slice(0, 8)} codex go: 10`,
  );
}, 30_000);
