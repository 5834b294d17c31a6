// Holds that sessions leave nothing behind: five hundred in a row, then the daemon is as it was and the ledger has them all.
import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import type { SessionsPage } from "../../src/api/routes/sessions.ts";
import { daemonHome } from "../support/daemon-home.ts";

const SESSIONS = 500;

test(`${SESSIONS} sessions in a row: each whole, no descriptor, process or terminal left`, async () => {
  await using home = daemonHome();
  home.script("codex", 'for last in "$@"; do :; done; echo "this was $last"; exit 0');
  const pid = await home.start();
  const { client } = home;
  const one = async (number: number): Promise<string> => {
    const { id } = await client.launch({
      projectRoot: home.project,
      harness: "codex",
      prompt: `number ${number}`,
      launchMode: "nonInteractive",
    });
    const chunks: Uint8Array[] = [];
    for await (const chunk of client.output(id, { follow: true })) chunks.push(chunk);
    const session = await client.session(id);
    return `${session.status} ${session.exit_code} ${Buffer.concat(chunks)}`;
  };

  // The first ones load what is loaded lazily.
  for (let number = 0; number < 5; number++) await one(number);
  const before = held(pid);
  for (let number = 5; number < SESSIONS; number++) {
    expect(await one(number)).toBe(`completed 0 this was number ${number}\r\n`);
  }
  const after = held(pid);
  expect(after.children).toBe(0);
  expect(after.terminals).toBe(0);
  // A connection may still be on its way out; five hundred leaks would show.
  expect(after.descriptors).toBeLessThanOrEqual(before.descriptors + 5);

  const ids = new Set<string>();
  let cursor: string | null = null;
  do {
    const page: SessionsPage = await client.sessions({ limit: 100, ...(cursor === null ? {} : { cursor }) });
    for (const session of page.sessions) ids.add(session.id);
    cursor = page.next_cursor;
  } while (cursor !== null);
  expect(ids.size).toBe(SESSIONS);
}, 120_000); // Ten milliseconds a session on an idle machine.

/** What a process holds, where the system shows it; zeros elsewhere. */
function held(pid: number): { descriptors: number; terminals: number; children: number } {
  if (process.platform !== "linux") return { descriptors: 0, terminals: 0, children: 0 };
  const descriptors = readdirSync(`/proc/${pid}/fd`);
  const targets = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim();
  const masters = descriptors.filter((fd) => {
    try {
      return readFileSync(`/proc/${pid}/fdinfo/${fd}`, "utf8").includes("tty-index");
    } catch {
      return false;
    }
  });
  return {
    descriptors: descriptors.length,
    terminals: masters.length,
    children: targets === "" ? 0 : targets.split(" ").length,
  };
}
