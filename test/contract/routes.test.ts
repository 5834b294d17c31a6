// Freezes the table of routes. If a test here fails, the code is wrong, not the test: a route is ADDED here, never renamed,
// moved or taken away (see bodies.test.ts).
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import { isExternalId } from "../../src/api/parse.ts";
import type { AnyRoute } from "../../src/api/route.ts";
import { ROUTES, servedCapabilities } from "../../src/api/routes/table.ts";
import { ERROR_CODES } from "../../src/errors.ts";
import { curlLines } from "../support/curl-lines.ts";
import {
  CONTRACT_TYPES_FILE,
  contractTypesFile,
  OPENAPI_FILE,
  openapiFile,
} from "../support/write-openapi.ts";

const ALL = Object.values<AnyRoute>(ROUTES);

test("the routes that are served, and nothing else is", () => {
  expect(ALL.map(({ place }) => place).toSorted()).toEqual([
    "DELETE /sessions/:id",
    "GET /actions",
    "GET /adapters",
    "GET /api-version",
    "GET /approvals",
    "GET /approvals/:id",
    "GET /approvals/:id/events",
    "GET /capabilities",
    "GET /events",
    "GET /familiars",
    "GET /feed",
    "GET /harnesses",
    "GET /health",
    "GET /memory",
    "GET /metrics",
    "GET /notify",
    "GET /openapi.json",
    "GET /restart",
    "GET /sessions",
    "GET /sessions/:id",
    "GET /sessions/:id/attach",
    "GET /sessions/:id/attention",
    "GET /sessions/:id/events",
    "GET /sessions/:id/log",
    "GET /sessions/:id/output",
    "GET /sessions/:id/screen",
    "GET /skills",
    "GET /status",
    "POST /actions",
    "POST /approvals/:id/approve",
    "POST /approvals/:id/deny",
    "POST /import",
    "POST /notify",
    "POST /restart",
    "POST /sessions",
    "POST /sessions/:id/approve",
    "POST /sessions/:id/archive",
    "POST /sessions/:id/complete",
    "POST /sessions/:id/deny",
    "POST /sessions/:id/input",
    "POST /sessions/:id/kill",
    "POST /sessions/:id/rename",
    "POST /sessions/:id/resize",
    "POST /sessions/:id/summon",
    "POST /sessions/external",
    "POST /shutdown",
  ]);
});

test("no id of a run that somebody else started can end like one of them", () => {
  const tails = ALL.flatMap(({ path }) => /^\/sessions\/:id\/(\w+)$/.exec(path)?.[1] ?? []);
  expect(tails.length).toBeGreaterThan(8);
  expect(tails.filter((tail) => isExternalId(`engine/${tail}`))).toEqual([]);
  expect(isExternalId("engine/42")).toBe(true);
});

test("every one of them is asked for by a test of this folder", () => {
  const tests = new Bun.Glob("*.test.ts").scanSync(import.meta.dir);
  const text = Array.from(tests, (name) => readFileSync(join(import.meta.dir, name), "utf8")).join("");
  // The attach WebSocket has its own client: attach.test.ts.
  const missing = ALL.filter(({ answer, method, path }) => {
    const line = `${method} /api/v1${path.replace(":id", "[^/]+")}`;
    return answer !== "websocket" && !new RegExp(`["\`]${line}["\`?]`).test(text);
  });
  expect(missing.map(({ place }) => place)).toEqual([]);
});

test("every one of them has a line of curl in docs/API-CONTRACT.md, whose status is one of its own", () => {
  const { asks } = curlLines();
  const missing = ALL.filter(({ method, path, status = 200, refuses = [] }) => {
    const place = new RegExp(`^(/api/v1)?${path.replace(":id", "(\\$[A-Z]+|[\\w-]+)")}$`);
    const lines = asks.filter(
      (ask) => ask.method === method && place.test(ask.path) && ask.status !== undefined,
    );
    const own = [status, 101, ...(refuses.length > 0 ? [400, 409] : [])].flat();
    return lines.length === 0 || lines.some((ask) => !own.includes(Number(ask.status)));
  });
  expect(missing.map(({ place }) => place)).toEqual([]);
});

test("every capability that health advertises is explained in docs/API-CONTRACT.md, under Begin with /health", () => {
  const [, section = ""] = curlLines().page.split("## Begin with /health\n");
  const [explained = ""] = section.split("\n## ");
  const unexplained = Object.keys(servedCapabilities()).filter((one) => !explained.includes(`\`${one}\``));
  expect(unexplained).toEqual([]);
});

/** The names of a schema's members, with `?` where one may be left out. */
function members(schema: z.ZodType | undefined): string | undefined {
  if (!(schema instanceof z.ZodObject)) return undefined;
  const names = Object.entries(schema.shape).map(
    ([name, member]) => name + (member._zod.optin === "optional" ? "?" : ""),
  );
  return names.join(" ");
}

test("what may be asked: parameters, headers, bodies", () => {
  const asked = ALL.flatMap(({ place, query, headers, body }) => {
    const parts = { query: members(query), headers: members(headers), body: members(body) };
    const said = Object.entries(parts).filter(([, names]) => names);
    return said.length > 0 ? [[place, Object.fromEntries(said)]] : [];
  });
  const events = "afterSeq? afterEventId? beforeSeq? limit? within?";
  expect(Object.fromEntries(asked)).toEqual({
    "GET /actions": { query: "origin?" },
    "GET /approvals": { query: "status? limit?" },
    "GET /approvals/:id/events": { query: "afterSeq?", headers: "Last-Event-ID?" },
    "POST /approvals/:id/approve": { headers: "Authorization?", body: "reason? origin?" },
    "POST /approvals/:id/deny": { headers: "Authorization?", body: "reason? origin?" },
    "POST /actions": { body: "action origin? intentId? args?" },
    "GET /sessions": { query: "limit? cursor? includeArchived?" },
    "POST /sessions": {
      headers: "Idempotency-Key?",
      body: "projectRoot harness prompt withoutPrompt? args? cwd? title? name? launchMode? labels? visibility? env? inheritEnv? cols? rows? model? permission? addDirs? conversation? conversationId? familiarId? launchPolicy? continues? exclusive? group? worktree? callerFamiliarId? sessionPolicy? executionBinding? requestAdoption?",
    },
    "POST /import": {
      body: "from",
    },
    "POST /sessions/:id/complete": {
      body: "exitCode?",
    },
    "POST /sessions/external": {
      body: "id projectRoot harness title? labels? transcriptPath?",
    },
    "DELETE /sessions/:id": { body: "worktree?" },
    "POST /sessions/:id/input": { headers: "Idempotency-Key?", body: "data submit? ifAttentionSeq?" },
    "POST /sessions/:id/approve": { body: "ifAttentionSeq? reason?" },
    "POST /sessions/:id/deny": { body: "ifAttentionSeq? reason?" },
    "POST /sessions/:id/rename": { body: "name?" },
    "POST /sessions/:id/resize": { body: "cols rows" },
    "GET /sessions/:id/output": { query: "afterSeq? follow? rows? within?" },
    "GET /sessions/:id/screen": { query: "picture?" },
    "GET /sessions/:id/attach": { query: "mode? cols? rows? picture? client? within?" },
    "GET /events": { query: `sessionId ${events}`, headers: "Last-Event-ID?" },
    "GET /sessions/:id/events": { query: events, headers: "Last-Event-ID?" },
    "GET /feed": { query: "cursor?", headers: "Last-Event-ID?" },
    "POST /shutdown": { body: "pid force?" },
    "POST /restart": { body: "pid command?" },
  });
});

test("every schema can be written as JSON Schema, and every refusal is a code of the closed list", () => {
  for (const { place, query, headers, body, answer, stream, refuses = [] } of ALL) {
    for (const schema of [query, headers, body, answer, stream]) {
      if (typeof schema === "object") expect(() => z.toJSONSchema(schema), place).not.toThrow();
    }
    expect(ERROR_CODES).toEqual(expect.arrayContaining([...refuses]));
  }
});

test("docs/openapi.json is what the records say: else bun test/support/write-openapi.ts", () => {
  expect(readFileSync(OPENAPI_FILE, "utf8") === openapiFile()).toBe(true);
  expect(readFileSync(CONTRACT_TYPES_FILE, "utf8") === contractTypesFile()).toBe(true);
});

test("docs/API.md draws every route: else add it there, and say in openapi.test.ts how each of its answers is had", () => {
  const page = readFileSync(join(import.meta.dir, "..", "..", "docs", "API.md"), "utf8");
  const [, drawn = ""] = page.split("```mermaid");
  const places = Array.from(drawn.matchAll(/(?:GET|POST|DELETE) \/[\w/:.-]+/g), ([place]) => String(place));
  expect(places.toSorted()).toEqual(ALL.map(({ place }) => place).toSorted());
});
