// The adapter of docs/ADAPTERS.md, exactly as it stands there, put into a home and asked.
import { expect, test } from "bun:test";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { commandLine } from "../support/command-line.ts";
import { testUnless, without } from "../support/unless.ts";

const page = readFileSync(join(import.meta.dir, "../../docs/ADAPTERS.md"), "utf8");
const block = (language: string) =>
  new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``).exec(page)?.[1] ?? "";

test("the page has both files", () => {
  expect(JSON.parse(block("json"))).toMatchObject({ id: "notify" });
  expect(block("js")).toContain("notify-send");
});

testUnless(without("node"))("it shows what it is told to, and says when it can't", async () => {
  await using line = commandLine();
  const { home } = line;
  const directory = join(home.paths.home, "control-adapters");
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const manifest = block("json").replaceAll("/home/me/.coven", home.paths.home);
  writeFileSync(join(directory, "notify.json"), manifest, { mode: 0o600 });
  writeFileSync(join(directory, "notify.mjs"), block("js"), { mode: 0o600 });
  await home.start();
  const doctor = async () => (await line.coven(["doctor"])).out;
  const status = async () =>
    (await home.client.capabilities()).capabilities.find(({ id }) => id === "desktop.notifications")?.status;
  // Nothing here shows notifications, unless somebody has put one on /usr/bin.
  if (!Bun.which("notify-send", { PATH: "/usr/bin:/bin" })) {
    expect(await status()).toBe("missingSetup");
    expect(await doctor()).toMatch(/notify needs notify-send, which is not on the PATH/);
  }
  // A desktop that writes down what it is shown, and one that isn't there.
  const shown = join(home.base, "shown");
  home.script("notify-send", `printf '%s\\n' "$#" "$@" > ${shown}; [ "$2" != broken ]`);
  expect(await status()).toBe("available");
  expect(await doctor()).toMatch(/notify, started when it is needed/);
  const ask = async (args: object) => {
    const answer = await home.client.actions({ action: "desktop.notify", origin: "bridge", args });
    if (!("approval" in answer)) throw new Error("done at once");
    for await (const _ of home.client.approvalEvents(answer.approval.id));
    return await home.client.approval(answer.approval.id);
  };
  expect(await ask({ title: "-u critical; $(id)", body: "it's\n<b>done</b>" })).toMatchObject({
    status: "completed",
    result: { event: { payload: { shown: true } } },
  });
  expect(readFileSync(shown, "utf8")).toBe("3\n--\n-u critical; $(id)\nit's\n<b>done</b>\n");
  expect(await ask({ title: "broken" })).toMatchObject({
    status: "failed",
    result: { error: { message: "notify-send failed: is a desktop running?" } },
  });
  expect(await doctor()).toMatch(/notify, running \(pid \d+\)/);
  const wrong = await home.client
    .actions({ action: "desktop.notify", args: {} })
    .catch((error: unknown) => error);
  expect(wrong).toMatchObject({ code: "invalid_request", details: { field: "title" } });
});
