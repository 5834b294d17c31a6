// Holds the page of `coven export --format html` in a real browser, from disk: it begins with a picture, fits the window, plays, seeks,
// finds, shows text, draws the same either way, fetches nothing, and lets nothing in a session become markup or script.

import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { CHROMIUM, difference, openBrowser } from "../support/browser.ts";
import { type CommandLine, commandLine } from "../support/command-line.ts";
import { describeUnless } from "../support/unless.ts";

// A browser on a busy machine; nothing here waits for time.
setDefaultTimeout(30_000);

/** A title and output that try to leave their place: to end the script, to become an image, to close the page. */
const HOSTILE = `</script><script>window.owned=1</script><img src=x onerror="window.owned=1">--><!--<script>`;

/** One second of a session: colours, a bar overwritten in place, a wide character, a red block, and the attempts above. */
const SCRIPT = `
printf 'first needle\\r\\n\\033[1;32mgreen\\033[0m 漢字 e\\314\\201\\r\\n'
for i in 10 50 100; do printf '\\rprogress %s%%' $i; sleep 0.2; done
printf '\\r\\n%s\\r\\n' "$HOSTILE"
printf '\\033]0;%s\\007\\033[?1000h\\033[?1006h' "$HOSTILE"
sleep 0.4
for i in 1 2 3; do printf '\\033[41m                    \\033[0m\\r\\n'; done
printf 'last nee\\033[1mdle\\033[0m\\r\\n'
exit 3`;

describeUnless(CHROMIUM === undefined ? "no Chromium in /usr/bin" : undefined)("in a real Chromium", () => {
  let line: CommandLine;
  let browser: Browser;
  let file: string;
  let id: string;
  let text: string;
  /** When what was printed, by the session's own clock: a busy machine prints later than the script says. */
  const printed: { readonly ms: number; readonly data: string }[] = [];
  const whenPrinted = (part: string) => printed.find(({ data }) => data.includes(part))?.ms ?? Number.NaN;

  beforeAll(async () => {
    line = commandLine();
    line.home.script("codex", SCRIPT);
    await line.coven(["daemon", "start"]);
    const { home } = line;
    const launch = {
      projectRoot: home.project,
      harness: "codex",
      prompt: "x",
      title: HOSTILE,
      env: { HOSTILE },
    };
    ({ id } = await home.client.launch({ ...launch, cols: 100, rows: 20 }));
    for await (const _ of home.client.output(id, { follow: true }));
    file = join(home.base, "page.html");
    expect(await line.coven(["export", id, "--output", file])).toMatchObject({ code: 0, out: "" });
    let ms = 0;
    for (const one of (await line.coven(["export", id, "--format", "cast"])).out
      .trimEnd()
      .split("\n")
      .slice(1)) {
      const [interval, , data] = JSON.parse(one);
      ms += Math.round(interval * 1000);
      printed.push({ ms, data });
    }
    text = (await line.coven(["export", id, "--format", "text"])).out;
    browser = await openBrowser();
  });

  afterAll(async () => {
    await browser?.close();
    await line?.[Symbol.asyncDispose]();
  });

  /** The page at `hash`, once it shows that moment; what it asked for and complained of is gathered. */
  async function opened(
    hash: string,
    state = "paused",
  ): Promise<Page & { readonly said: string[]; readonly asked: string[] }> {
    const page = await browser.newPage({ viewport: { width: 1000, height: 700 } });
    const said: string[] = [];
    const asked: string[] = [];
    page.on("console", (message) => void said.push(message.text()));
    page.on("pageerror", (error) => void said.push(String(error)));
    page.on("dialog", (dialog) => void said.push(dialog.message()));
    page.on("request", (request) => void asked.push(request.url()));
    await page.goto(`file://${file}${hash}`);
    await page.locator(`body[data-state="${state}"]`).waitFor();
    return Object.assign(page, { said, asked });
  }

  /** The rows on the screen as the page draws them. */
  async function rows(page: Page): Promise<string[]> {
    const drawn = await page.locator(".xterm-rows > div").allTextContents();
    return drawn.map((row) => row.replaceAll("\u00a0", " ").trimEnd());
  }

  /** Waits until the page draws this text, or until it does not. The page's policy keeps the driver's own waiting out. */
  async function seen(page: Page, part: string, is = true): Promise<void> {
    await holds(
      `"${part}" is ${is ? "" : "not "}drawn`,
      async () => (await rows(page)).join("\n").includes(part) === is,
    );
  }

  async function holds(fact: string, look: () => Promise<boolean>): Promise<void> {
    const deadline = performance.now() + 10_000;
    while (!(await look())) if (performance.now() > deadline) throw new Error(`not within 10 s: ${fact}`);
  }

  test("it begins with a picture, and plays from the beginning to the end once it is asked to, in the session's own time", async () => {
    const page = await opened("", "picture");
    await seen(page, "last needle");
    expect(await page.locator("#time").textContent()).toMatch(/^00:00 \/ \d\d:\d\d, exit 3$/);
    const began = performance.now();
    await page.locator("#start").click();
    await page.locator('body[data-state="playing"]').waitFor();
    await seen(page, "last needle", false);
    await seen(page, "progress");
    await page.locator('body[data-state="ended"]').waitFor();
    expect(performance.now() - began).toBeGreaterThan(900);
    await seen(page, "last needle");
    // What the emulator of the command line makes of the same recording, line by line.
    expect((await rows(page)).join("\n").trimEnd()).toBe(text.trimEnd());
    expect(await page.locator("#time").textContent()).toMatch(/^(\d\d:\d\d) \/ \1, exit 3$/);
    expect(await page.locator("#play").textContent()).toBe("Play again");
    expect(await page.locator("#start").isVisible()).toBe(false);
    await page.close();
  });

  test("from the picture every way leads on: a moment is that moment, and what is searched is found", async () => {
    const page = await opened("", "picture");
    await page.locator("#seek").fill(String(whenPrinted("50%")));
    await seen(page, "progress 50%");
    await seen(page, "last needle", false);
    const other = await opened("", "picture");
    await other.keyboard.press("/");
    await other.keyboard.type("needle");
    await other.keyboard.press("Enter");
    await holds("the first is shown", async () => (await other.locator("#found").textContent()) === "1 of 2");
    await seen(other, "last needle", false);
    const third = await opened("", "picture");
    await third.keyboard.press(" ");
    await third.locator('body[data-state="ended"]').waitFor();
    await seen(third, "last needle");
    for (const one of [page, other, third]) await one.close();
  });

  // At the end of an agent that had filled the screen there was an empty one.
  test("the picture of a program that left its screen is that screen; of one that printed more since, the last", async () => {
    const { home } = line;
    const whole = file;
    const page = async (left: string) => {
      const drawn = "for i in 1 2 3 4 5; do printf '%s row of the full screen\\r\\n' $i; done";
      home.script("codex", `printf 'before\\r\\n\\033[?1049h\\033[H'; ${drawn}; ${left}`);
      const launch = { projectRoot: home.project, harness: "codex", prompt: "x" };
      const { id } = await home.client.launch({ ...launch, cols: 60, rows: 10 });
      for await (const _ of home.client.output(id, { follow: true }));
      file = join(home.base, "left.html");
      expect((await line.coven(["export", id, "--output", file, "--force"])).code).toBe(0);
      const page = await opened("", "picture");
      file = whole;
      return page;
    };
    // The last two as codex does: it wipes from the first cell on, and says in long lines how to go on.
    const farewell = "x".repeat(55);
    for (const leaving of [
      "\\033[?1049l",
      "\\033[2J\\033[?1049l",
      "\\033[2Jso long\\033[2J\\033[?1049l",
      `\\033[H\\033[J\\033[?1049l\\033[?25h${farewell}`,
    ]) {
      const left = await page(`printf '${leaving}bye\\r\\n'`);
      await seen(left, "5 row of the full screen");
      await seen(left, "bye", false);
      await left.locator("#play").click();
      await left.locator('body[data-state="ended"]').waitFor();
      await seen(left, "bye");
      await left.close();
    }
    const more = `printf '\\033[?1049l'; for i in 1 2 3 4 5 6; do printf '%s a line that came after it\\r\\n' $i; done`;
    const later = await page(more);
    await seen(later, "6 a line that came after it");
    await later.close();
  });

  test("it fits any window, keeps its shape, and follows when the window changes", async () => {
    const page = await opened("", "picture");
    const shape: number[] = [];
    const sizes = [
      [360, 640],
      [1280, 800],
      [2560, 1440],
      [640, 360],
      [600, 1400],
    ] as const;
    for (const [width, height] of [...sizes, sizes[0]]) {
      await page.setViewportSize({ width, height });
      const at = (
        what: string,
      ): Promise<Record<"left" | "top" | "right" | "bottom" | "width" | "height", number>> =>
        page.evaluate(`document.querySelector("${what}").getBoundingClientRect().toJSON()`);
      await holds(`it fits ${width} x ${height}`, async () => {
        const [screen, stage] = [await at(".xterm-screen"), await at("#stage")];
        const [across, down] = [screen.width / stage.width, screen.height / stage.height];
        const within =
          screen.left >= stage.left && screen.right <= stage.right && screen.bottom <= stage.bottom;
        // As large as it can be: one of the two is nearly all there is.
        return within && screen.top >= stage.top && Math.max(across, down) > 0.85;
      });
      const [screen, stage] = [await at(".xterm-screen"), await at("#stage")];
      shape.push(screen.width / screen.height);
      // The window never scrolls, and what plays it is in sight.
      expect(
        await page.evaluate("[document.documentElement.scrollWidth, document.documentElement.scrollHeight]"),
      ).toEqual([width, height]);
      for (const part of ["#play", "#seek", "#speed", "#query", "#next", "#as-text"]) {
        const { left, right, bottom } = await at(part);
        expect({ part, fits: left >= 0 && right <= width && bottom <= height }).toEqual({ part, fits: true });
      }
      expect(stage.height).toBeGreaterThan(height * 0.6);
      expect(await page.locator("#start").isVisible()).toBe(true);
    }
    expect(Math.max(...shape) / Math.min(...shape)).toBeLessThan(1.3);
    expect(shape.at(-1)).toBe(Number(shape[0]));
    expect({ said: page.said }).toEqual({ said: [] });
    await page.close();
  });

  test("played to the end or opened there, the picture is the same; at the beginning it is another", async () => {
    const played = await opened("#t=0");
    const first = await played.locator("#stage").screenshot();
    await played.locator("#speed").selectOption("16");
    await played.locator("#play").click();
    await played.locator('body[data-state="ended"]').waitFor();
    await seen(played, "last needle");
    const end = await (await opened("#t=end", "ended")).locator("#stage").screenshot();
    const last = await played.locator("#stage").screenshot();

    const same = await difference(browser, end, last);
    expect(same.different / same.pixels).toBeLessThan(0.0005);
    // Three rows of twenty red cells, each at least 7 x 14 pixels.
    expect(same.red).toBeGreaterThan(60 * 7 * 14 * 0.9);
    expect((await difference(browser, first, last)).different).toBeGreaterThan(same.red * 0.9);
  });

  test("every moment can be gone to, forth and back, by slider and keys", async () => {
    const page = await opened(`#t=${whenPrinted("100%") / 1000}`);
    await seen(page, "progress 100%");
    await seen(page, "last needle", false);
    await page.keyboard.press("End");
    await seen(page, "last needle");
    await page.keyboard.press("Home");
    await seen(page, "last needle", false);
    await seen(page, "progress 100%", false);
    await page.locator("#seek").fill(String(whenPrinted("50%")));
    await seen(page, "progress 50%");
    await page.locator("#play").focus();
    await page.keyboard.press("ArrowRight");
    await page.locator('body[data-state="ended"]').waitFor();
    await page.keyboard.press("ArrowLeft");
    await page.locator('body[data-state="paused"]').waitFor();
    await page.keyboard.press(">");
    expect(await page.locator("#speed").inputValue()).toBe("2");
    await page.locator("body").press("k");
    await page.locator('body[data-state="playing"]').waitFor();
    await page.locator("body").press("k");
    expect(["paused", "ended"]).toContain((await page.locator("body").getAttribute("data-state")) ?? "");
    await page.close();
  });

  test("search finds what was printed wherever in time, also across a change of colour, and goes there", async () => {
    const page = await opened("#t=0.1");
    await page.keyboard.press("/");
    await page.keyboard.type("NEEDLE");
    expect(await page.locator("#found").textContent()).toBe("2 found");
    await page.keyboard.press("Enter");
    await holds("the first is shown", async () => (await page.locator("#found").textContent()) === "1 of 2");
    await seen(page, "last needle", false);
    await page.keyboard.press("Enter");
    await seen(page, "last needle");
    expect(await page.locator(".xterm-selection div").count()).toBeGreaterThan(0);
    await page.locator("#query").fill("not there");
    expect(await page.locator("#found").textContent()).toBe("not found");
    await page.close();
  });

  test("the text can be read and copied, and what was selected in the terminal is copied as text", async () => {
    const page = await opened("#t=end", "ended");
    await page.keyboard.press("t");
    expect((await page.locator("#text").textContent())?.trimEnd()).toBe(text.trimEnd());
    await page.keyboard.press("t");
    // The session switched mouse reporting on, which would keep a person from selecting anything.
    await page.locator(".xterm-screen").dblclick({ position: { x: 60, y: 6 } });
    const copied = await page.evaluate(`(() => {
      const event = new ClipboardEvent("copy", { clipboardData: new DataTransfer(), bubbles: true, cancelable: true });
      document.querySelector(".xterm").dispatchEvent(event);
      return event.clipboardData.getData("text/plain");
    })()`);
    expect(copied).toBe("needle");
    await page.close();
  });

  test("nothing of a hostile session becomes markup or script, and nothing is fetched", async () => {
    const page = await opened("#t=end", "ended");
    await seen(page, HOSTILE.slice(0, 40));
    expect(await page.evaluate("window.owned")).toBeUndefined();
    expect(await page.title()).toBe(HOSTILE);
    expect(await page.locator("h1").textContent()).toBe(HOSTILE);
    expect(await page.locator("img, iframe, object, link").count()).toBe(0);
    expect({ said: page.said, asked: page.asked }).toEqual({ said: [], asked: [`file://${file}`] });
    // The policy itself, should something of the kind ever get through: inline script, a fetch, an image.
    await page.evaluate(`(() => {
      const script = document.createElement("script");
      script.textContent = "window.owned = 1";
      document.body.append(script);
    })()`);
    expect(await page.evaluate("window.owned")).toBeUndefined();
    expect(await page.evaluate(`fetch("data:,x").then(() => "fetched", () => "refused")`)).toBe("refused");
    await page.close();
  });

  test("a session of two hundred thousand lines is a small file and opens at its end", async () => {
    const { home } = line;
    const lines = 200_000;
    const launch = { projectRoot: home.project, harness: "demo", prompt: `lines ${lines}` };
    const large = await home.client.launch({ ...launch, launchMode: "nonInteractive" });
    for await (const _ of home.client.output(large.id, { follow: true }));
    const small = file;
    file = join(home.base, "large.html");
    expect((await line.coven(["export", large.id, "--output", file])).code).toBe(0);
    expect(readFileSync(file).length).toBeLessThan(3_000_000);
    const page = await opened("#t=end", "ended");
    await seen(page, `line ${lines}`);
    file = small;
    await page.close();
  });

  test("a live session's page ends where the session was", async () => {
    const { home } = line;
    home.script("claude", "printf 'so far\\r\\n'; exec sleep 60");
    const launch = { projectRoot: home.project, harness: "claude", prompt: "x" };
    const live = await home.client.launch({ ...launch, launchMode: "nonInteractive" });
    let printed = "";
    for await (const chunk of home.client.output(live.id, { follow: true })) {
      printed += new TextDecoder().decode(chunk);
      if (printed.includes("so far")) break;
    }
    const page = await line.coven(["export", live.id, "--format", "html"]);
    expect(page.code).toBe(0);
    expect(page.out).toContain("Still running.");
    await home.client.kill(live.id);
    await holds("it is settled", async () => (await home.client.session(live.id)).status !== "running");
  });
});
