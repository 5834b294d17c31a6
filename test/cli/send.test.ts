// Holds `coven send`: text as typed and submitted, as it is, and keys by name; refused when nobody is there to read.
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type CommandLine, commandLine } from "../support/command-line.ts";
import { until } from "../support/until.ts";

setDefaultTimeout(20_000);

let line: CommandLine;

beforeAll(async () => {
  line = commandLine();
  line.home.script("codex", 'for prompt; do :; done\nexec sh -c "$prompt"');
  await line.home.start();
});

afterAll(() => line[Symbol.asyncDispose]());

/** Raw, as agents have their terminals. A session in which a program prints what it reads, byte by byte, as `cat -v` does. */
async function reader(modes = ""): Promise<{ id: string; has: (text: string) => Promise<void> }> {
  const script = `stty raw -echo; printf '${modes}REA%s' DY; exec cat -v`;
  const id = (await line.coven(["run", "codex", script, "--detach"])).out.trim();
  const output = async (): Promise<string> => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of line.home.client.output(id)) chunks.push(chunk);
    return Buffer.concat(chunks).toString();
  };
  const has = async (text: string): Promise<void> => {
    let shown = "";
    await until(`it has read ${text}`, () => {
      void output().then((now) => {
        shown = now;
      });
      return shown.endsWith(text);
    }).catch((error: unknown) => {
      throw new Error(`${error}\nit has read: ${JSON.stringify(shown)}`);
    });
  };
  await has("READY");
  return { id, has };
}

test("text is typed and submitted by a carriage return; words are joined", async () => {
  const { id, has } = await reader();
  expect(await line.coven(["send", id.slice(0, 8), "fix", "the", "tests"])).toEqual({
    code: 0,
    out: "",
    err: "",
  });
  await has("READYfix the tests^M");
});

test("where the program asked for bracketed paste it is one, and Enter comes after it", async () => {
  const { id, has } = await reader("\\033[?2004h");
  await line.coven(["send", id, "one\ntwo \u001b[201~ three"]);
  await has("READY^[[200~one\ntwo  three^[[201~^M");
  await line.coven(["send", id, "--no-enter", "four"]);
  await has("^M^[[200~four^[[201~");
});

// A text that hides a second end marker around the first was a way out of the paste: what followed it was taken for keys.
test("no text ends its own paste, however the end marker is hidden in it", async () => {
  const { id, has } = await reader("\\033[?2004h");
  const hidden = "a\u001b[20\u001b[201~1~b";
  await line.coven(["send", id, hidden]);
  await has("READY^[[200~ab^[[201~^M");
  await line.coven(["send", id, "--no-enter", hidden]);
  await has("^M^[[200~ab^[[201~");
});

test("standard input is a text; its last line end is not", async () => {
  const { id, has } = await reader();
  await line.coven(["send", id], { stdin: "from a pipe\n" });
  await has("READYfrom a pipe^M");
  await line.coven(["send", id, "-"], { stdin: "again\r\n" });
  await has("^Magain^M");
});

test("--no-enter leaves it in the line; --raw sends the bytes as they are, whatever they are", async () => {
  const { id, has } = await reader();
  await line.coven(["send", id, "--no-enter", "half"]);
  await has("READYhalf");
  await line.coven(["send", id, "--raw"], { stdin: "a\n" });
  await has("halfa\n");
  const child = Bun.spawn([process.execPath, `${import.meta.dir}/../../src/main.ts`, "send", id, "--raw"], {
    env: { HOME: line.home.base, COVEN_HOME: line.home.paths.home, PATH: "/usr/bin:/bin" },
    stdin: new Uint8Array([0xff, 0xfe, 0x00, 0x03]),
  });
  expect(await child.exited).toBe(0);
  await has("a\nM-^?M-~^@^C");
});

test("keys by name, one after the other; cursor keys as the program asked for them", async () => {
  const { id, has } = await reader();
  await line.coven(["send", id, "--key", "up", "--key", "esc", "--key=ctrl-c", "--key", "f5 shift-tab"]);
  await has("READY^[[A^[^C^[[15~^[[Z");
  const application = await reader("\\033[?1h");
  await line.coven(["send", application.id, "--key", "up"]);
  await application.has("READY^[OA");
});

test("refused: no session, one that has ended, nothing to send, a key nobody has", async () => {
  const { id } = await reader();
  await line.coven(["kill", id]);
  const ended = await line.coven(["send", id, "hello"]);
  expect([ended.code, ended.err]).toEqual([
    1,
    expect.stringMatching(/^Error: Session \S+ is not running \(killed\)\.\nTry: /),
  ]);
  const raw = await line.coven(["send", id, "--raw"], { stdin: "x" });
  expect([raw.code, raw.err]).toEqual([1, expect.stringContaining("is not running (killed)")]);
  const keys = await line.coven(["send", id, "--key", "enter"]);
  expect([keys.code, keys.err]).toEqual([1, expect.stringContaining("is not running (killed)")]);
  const unknown = await line.coven(["send", crypto.randomUUID(), "hello"]);
  expect(unknown.code).toBe(1);
  const nobody = await line.coven(["send"], { stdin: "x" });
  expect([nobody.code, nobody.err.split("\n")[0]]).toEqual([2, "Error: coven send needs a session id."]);
  const nothing = await line.coven(["send", id], { stdin: "" });
  expect([nothing.code, nothing.err]).toEqual([2, expect.stringContaining("Standard input was empty")]);
  const wrong = await line.coven(["send", id, "--key", "hyper"]);
  expect([wrong.code, wrong.err]).toEqual([2, expect.stringContaining("There is no key hyper.")]);
  const both = await line.coven(["send", id, "text", "--key", "enter"]);
  expect([both.code, both.err]).toEqual([2, expect.stringContaining("a text or keys")]);
});

test("a program in the mode terminals begin in reads what is sent as a line", async () => {
  const file = join(line.home.base, crypto.randomUUID());
  const script = `printf 'REA%s' DY; read -r text; printf %s "$text" > ${file}.part; mv ${file}.part ${file}`;
  const id = (await line.coven(["run", "codex", script, "--detach"])).out.trim();
  expect((await line.coven(["send", id, "in der", "Früh"])).code).toBe(0);
  await until("it has read the line", () => existsSync(file));
  expect(readFileSync(file, "utf8")).toBe("in der Früh");
});
