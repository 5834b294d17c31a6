// A real headless Chromium for tests of a page, and the comparison of two pictures of it.
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";

/** Where a Chromium is on this machine, or undefined: its tests are then skipped by name. */
export const CHROMIUM = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(
  (path) => existsSync(path),
);

/** Starts it in a home of its own, which goes with it: it leaves settings and caches there. Close it afterwards. */
export async function openBrowser(): Promise<Browser> {
  if (CHROMIUM === undefined) throw new Error("There is no Chromium here.");
  const quiet = ["quic", "background-networking", "component-update", "sync"].map(
    (what) => `--disable-${what}`,
  );
  // As root it runs only without its own sandbox.
  const home = mkdtempSync(join(tmpdir(), "cv-chromium-"));
  const browser = await chromium.launch({
    executablePath: CHROMIUM,
    env: { PATH: process.env["PATH"] ?? "", HOME: home, TMPDIR: home },
    args: ["--no-sandbox", "--disable-gpu", "--no-first-run", ...quiet],
  });
  browser.on("disconnected", () => rmSync(home, { recursive: true, force: true, maxRetries: 5 }));
  return browser;
}

/** What a comparison found, in pixels of the larger picture. */
export interface Difference {
  readonly pixels: number;
  /** Pixels that differ by more than a shade (24 of 255 in a channel), or that only one picture has. */
  readonly different: number;
  /** Pixels of the first picture that are clearly red (a red background, say). */
  readonly red: number;
}

/** Compares two PNG pictures in a page of the browser, which decodes them. */
export async function difference(browser: Browser, one: Buffer, other: Buffer): Promise<Difference> {
  const page: Page = await browser.newPage();
  try {
    // A program of the page's own, as text: the compiler of this project knows no canvas.
    const program = `async ([one, other]) => {
      const read = async (base64) => {
        const picture = await createImageBitmap(await (await fetch("data:image/png;base64," + base64)).blob());
        const canvas = new OffscreenCanvas(picture.width, picture.height).getContext("2d");
        canvas.drawImage(picture, 0, 0);
        return canvas.getImageData(0, 0, picture.width, picture.height);
      };
      const [a, b] = [await read(one), await read(other)];
      if (a.width !== b.width || a.height !== b.height) {
        const pixels = Math.max(a.width * a.height, b.width * b.height);
        return { pixels, different: pixels, red: 0 };
      }
      let different = 0;
      let red = 0;
      for (let at = 0; at < a.data.length; at += 4) {
        if ([0, 1, 2].some((c) => Math.abs(a.data[at + c] - b.data[at + c]) > 24)) different += 1;
        if (a.data[at] > 150 && a.data[at + 1] < 60 && a.data[at + 2] < 60) red += 1;
      }
      return { pixels: a.width * a.height, different, red };
    }`;
    return await page.evaluate(
      `(${program})(${JSON.stringify([one.toString("base64"), other.toString("base64")])})`,
    );
  } finally {
    await page.close();
  }
}
