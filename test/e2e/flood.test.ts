// Floods through the whole of a real daemon, in both modes of a terminal: alone, as fast as it goes, and beside a person who types and resizes and a machine that is busy.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { type DaemonHome, daemonHome } from "../support/daemon-home.ts";
import { flood, LINE_BYTES } from "../support/flood.ts";

let home: DaemonHome;
beforeAll(async () => {
  home = daemonHome();
  home.script("codex", 'for prompt; do :; done\nexec sh -c "$prompt"');
  await home.start();
});
afterAll(async () => {
  await home[Symbol.asyncDispose]();
});

// Regression: in the default mode whole line ends were lost while the terminal was stopped for a turn now and then, 2 to 18 bytes of 100 MB. It took a program
// that prints as fast as the terminal takes it: beside busy processors six floods of six were whole, alone none.
for (const mode of ["default", "raw"] as const) {
  test(`65 MB in ${mode} mode, alone: every byte kept and followed`, async () => {
    const lines = 1_000_000;
    const report = await flood(home.client, {
      ...{ projectRoot: home.project, harness: "codex", lines, mode, alone: true },
    });
    const whole = { bytes: lines * LINE_BYTES, exact: true };
    expect(report).toMatchObject({ kept: whole, followed: whole });
  }, 120_000);

  test(`13 MB in ${mode} mode: every byte kept and followed, beside typing, resizing and busy processors`, async () => {
    const busy = [1, 2].map(() =>
      Bun.spawn(["/bin/sh", "-c", "while :; do :; done"], { stdio: ["ignore", "ignore", "ignore"] }),
    );
    const lines = 200_000;
    const report = await flood(home.client, { projectRoot: home.project, harness: "codex", lines, mode });
    for (const one of busy) one.kill("SIGKILL");
    await Promise.all(busy.map((one) => one.exited));
    const whole = { bytes: lines * LINE_BYTES, exact: true };
    expect(report).toMatchObject({ kept: whole, followed: whole });
    expect(report.typed).toBeGreaterThan(0);
    expect(report.resizes).toBeGreaterThan(0);
    expect(report.echoed).toBe(mode === "raw" ? 0 : report.typed);
  }, 120_000);
}
