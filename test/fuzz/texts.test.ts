// Whatever reads text that others wrote: bodies, configuration, log lines, secrets, screens. Values or a refusal, never another error.
import { expect, test } from "bun:test";
import { parseBody, readJson } from "../../src/api/parse.ts";
import type { AnyRoute } from "../../src/api/route.ts";
import { ROUTES } from "../../src/api/routes/table.ts";
import { redactorFor } from "../../src/cli/commands/diagnostics/redact.ts";
import { isWanted, jsonLine, logEntry, shownLine } from "../../src/cli/commands/logs/lines.ts";
import { harmless } from "../../src/cli/ui/text.ts";
import { parseConfig } from "../../src/config.ts";
import { isCovenError } from "../../src/errors.ts";
import { REDACTED, redact, redactAll } from "../../src/redact.ts";
import { screenHost } from "../../src/screen/host.ts";
import { queryFilter } from "../../src/vt/filter.ts";
import { type Chance, rounds, TIMEOUT_MS } from "./random.ts";

const OBEYED = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/;

/** A refusal is fine; anything else that is thrown is not. */
function orRefused<T>(run: () => T): T | undefined {
  try {
    return run();
  } catch (error) {
    if (isCovenError(error) && error.code === "invalid_request") return undefined;
    throw error;
  }
}

const encoded = (text: string) => new TextEncoder().encode(text);

test(
  "bodies",
  async () => {
    const schemas = Object.values<AnyRoute>(ROUTES).flatMap(({ body }) => body ?? []);
    expect(schemas.length).toBeGreaterThan(5);
    await rounds((chance) => {
      const text = JSON.stringify(chance.json(6)) ?? "";
      const bytes = chance.maybe() ? encoded(text) : chance.mutated(encoded(text));
      orRefused(() => readJson(bytes));
      for (const one of schemas) orRefused(() => parseBody(one, bytes));
    });
  },
  TIMEOUT_MS,
);

test(
  "configuration",
  async () => {
    const sample = encoded(
      'ui.colour = "auto"\n[retention]\ndays = 30\nmax_bytes = 1_000_000\n[screen]\nscrollback = 5\n',
    );
    await rounds((chance) => {
      const text = chance.maybe(0.7) ? chance.mutated(sample).toString() : chance.text(80);
      orRefused(() => parseConfig(text, "/c"));
    });
  },
  TIMEOUT_MS,
);

test(
  "lines of a log, whoever wrote them",
  async () => {
    await rounds((chance) => {
      const value = {
        ts: chance.text(10),
        level: chance.one(["info", "warn", "x"]),
        event: chance.text(9),
        more: chance.json(3),
      };
      const line = chance.maybe(0.6)
        ? JSON.stringify(value)
        : chance.mutated(encoded(JSON.stringify(value))).toString();
      const entry = logEntry(line.replaceAll("\n", ""));
      isWanted(entry, { level: "warn", session: "abcd" });
      for (const shown of [shownLine(entry, (_, text) => text), jsonLine(entry), harmless(line)]) {
        expect(OBEYED.exec(shown)).toBeNull();
      }
      JSON.parse(jsonLine(entry));
    });
  },
  TIMEOUT_MS,
);

test(
  "secrets planted anywhere are gone, the rest is not touched twice, and no text takes long",
  async () => {
    const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    const word = (chance: Chance, length: number) =>
      Array.from({ length }, () => letters[chance.below(letters.length)]).join("");
    await rounds((chance) => {
      const secret = word(chance, 36);
      const plant = chance.one([
        `sk-${secret}`,
        `ghp_${secret}`,
        `Authorization: Bearer ${secret}`,
        `https://user:${secret}@host/`,
        `API_KEY=${secret}`,
        `"password": "${secret}"`,
        `-----BEGIN PRIVATE KEY-----\n${secret}\n-----END PRIVATE KEY-----`,
        `--token ${secret}`,
        `token: '${secret}'`,
      ]);
      // A letter before it could make it part of a longer word.
      const text = `${chance.text(60)} ${plant} ${chance.text(60)}`;
      const began = performance.now();
      for (const clean of [
        redact(text),
        redactAll(text),
        redactorFor(new Map([["/home/u", "~"]])).text(text),
      ]) {
        expect({ text, left: clean.includes(secret), said: clean.includes(REDACTED) }).toEqual({
          text,
          left: false,
          said: true,
        });
      }
      expect(performance.now() - began).toBeLessThan(500);
    });
  },
  TIMEOUT_MS,
);

test(
  "screens and the filter of viewers take any bytes, cut anywhere",
  async () => {
    const host = screenHost();
    await rounds((chance) => {
      const answers: Uint8Array[] = [];
      const screen = host.open({
        cols: 1 + chance.below(200),
        rows: 1 + chance.below(60),
        scrollback: chance.below(50),
        answer: (bytes) => void answers.push(bytes),
      });
      const filter = queryFilter(screen.unfinished());
      const samples = [
        "\u001b[31mred\u001b[0m",
        "\u001b]0;title\u0007",
        "\u001b]52;c;?\u0007",
        "\u001b[21t",
        "\u001b[?1049h",
        "\u001bP+q544e\u001b\\",
      ] as const;
      for (let n = 0; n < 20; n++) {
        const bytes = chance.maybe()
          ? chance.mutated(encoded(chance.one<string>([...samples])))
          : chance.bytes(60);
        screen.write(new Uint8Array(bytes));
        filter.pass(new Uint8Array(bytes));
        if (chance.maybe(0.1)) screen.resize(1 + chance.below(200), 1 + chance.below(60));
      }
      const { title, lines } = screen.image();
      expect(lines.length).toBeGreaterThan(0);
      // A title is never sent back: typed into a shell it would be a command.
      if (title.length > 3) expect(Buffer.concat(answers).includes(title)).toBe(false);
      screen.close();
    });
  },
  TIMEOUT_MS,
);
