// The last screen of a session whose daemon was killed: drawn from the ledger, at the size its terminal had.
import { expect, test } from "bun:test";
import { type DaemonHome, daemonHome } from "../support/daemon-home.ts";
import { signalOwn } from "../support/signal.ts";

// Regression: of an ended session only the last 2 MB are drawn. The event that says the terminal's size lay before them, and 80 x 24 came
// back as 120 x 40, wrapped wrongly.
test("3 MB of output in a terminal of 80 x 24, then SIGKILL of the daemon: the screen is 80 x 24", async () => {
  await using home = daemonHome();
  home.script(
    "codex",
    'printf "\\033[?1049h"; seq -f %072.0f 1 41000; stty size; printf "\\033[24;1Hlast row"; exec sleep 60',
  );
  const daemon = await home.start();
  const size = { cols: 80, rows: 24 };
  const { id } = await home.client.launch({
    projectRoot: home.project,
    harness: "codex",
    prompt: "go",
    ...size,
  });
  await shown(home, id, "last row");
  const before = await home.client.screen(id);
  expect(before).toMatchObject(size);
  signalOwn(daemon, "SIGKILL");
  await home.start();
  const after = await home.client.screen(id);
  expect((await home.client.session(id)).status).toBe("orphaned");
  expect({ ...after, asOfSeq: before.asOfSeq }).toMatchObject({ ...size, lines: before.lines });
}, 40_000);

test("also when it was resized long before", async () => {
  await using home = daemonHome();
  home.script("codex", "read -r go; seq -f %072.0f 1 41000; echo the end; exec sleep 60");
  const daemon = await home.start();
  const { id } = await home.client.launch({ projectRoot: home.project, harness: "codex", prompt: "go" });
  await home.client.resize(id, { cols: 100, rows: 30 });
  await home.client.input(id, "\r");
  await shown(home, id, "the end");
  signalOwn(daemon, "SIGKILL");
  await home.start();
  expect(await home.client.screen(id)).toMatchObject({ cols: 100, rows: 30 });
}, 40_000);

/** Resolves once a row of the screen holds this text. */
async function shown(home: DaemonHome, id: string, text: string): Promise<void> {
  for (;;) {
    const { lines } = await home.client.screen(id);
    if (lines.some((line) => line.includes(text))) return;
    await Bun.sleep(20);
  }
}
