// The contract as an OpenAPI 3.1 document, made from the records of the routes: what it says is what parses and answers.
import * as z from "zod";
import type { ErrorCode } from "../errors.ts";
import { ERROR_CODES } from "../errors.ts";
import { STATUS } from "./respond.ts";
import type { AnyRoute } from "./route.ts";
import { attachFrame, attachMessage, errorBody } from "./schema.ts";

type Json = Record<string, unknown>;

/** When each code is sent; the codes that the first contract did not have say so. */
const MEANING: Readonly<Record<ErrorCode, string>> = {
  not_found: "There is no such route.",
  invalid_request:
    "A body, query or header is malformed (details `field`, `problems`), a project root is no directory, a cwd lies outside it, or a harness is unknown (details `known`, `hint`). Status 404 with details `apiVersion`, `supportedApiVersions` for an API version that is not served; 408 for a body that does not come.",
  session_not_found: "There is no session of this id (details `sessionId`).",
  session_not_live: "Nothing runs there that could take it (details `sessionId`, `status`).",
  view_cycle:
    "(+) What `within` says would go round: a session shown in itself, at once or by way of others (details `sessionId`, `within`, `path`).",
  session_running: "(+) The session runs (details `sessionId`), or sessions do (details `sessions`).",
  stale_prompt:
    "(+) The session waits no more with the `attention.seq` that was named; nothing was typed (details `sessionId`, `attention`).",
  not_waiting: "(+) The session asks for no leave (details `sessionId`, `attention`).",
  not_supported:
    "(+) Nobody knows the keys that answer this harness, or its conversation can't be gone on with (details `sessionId`, `harness`).",
  name_taken: "(+) A live session is called so (details `name`, `sessionId`).",
  session_id_conflict: "(+) A session of the daemon's own has this id.",
  checkout_in_use:
    "(+) With `exclusive`: another live session works in the same checkout (details `checkout`, `sessions`, `hint`).",
  worktree_not_removed:
    '(+) The git worktree of the session is still there and `{"worktree":"keep"}` was not said (details `sessionId`, `path`, `branch`, `hint`).',
  external_session_not_killable:
    "(+) Somebody else started it, who has to end it (details `sessionId`, `hint`).",
  not_external_session: "(+) The daemon itself runs this session, and sees when it ends.",
  launch_failed:
    "Accepted, but it could not start: its record is `failed` and an event says why (details `sessionId`).",
  harness_not_found:
    "(+) Known, but its program is not on the PATH that was used; no record was made (details `executable`, `hint`).",
  not_enabled:
    "(+) A recipe that its owner has not switched on; no record was made (details `harness`, `enable`).",
  send_input_failed: "The terminal did not take it (details `sessionId`).",
  kill_failed: "Its processes could not be signalled (details `sessionId`).",
  payload_too_large: "The body is larger than 4 MiB, or that of a launch than 16 MiB (details `limit`).",
  forbidden:
    "The request has an `Origin` header, somebody of another user is connected to the socket, or the settings deny it.",
  daemon_identity_mismatch: "(+) This daemon is another process than the one that was meant (details `pid`).",
  approval_not_found: "(+) There is no approval of this id.",
  approval_settled: "(+) It was decided, or is too old to be.",
  runtime_unavailable:
    "The daemon is stopping, or has no terminal, file descriptor, disk or memory to give (details `reason` where there is one).",
  internal_error:
    "Anything unknown; the cause is in the daemon's log under the request's id (details `requestId`).",
};

/** What the first contract had; every other route is additive. */
const FIRST = new Set([
  "GET /api-version",
  "GET /health",
  "GET /capabilities",
  "POST /actions",
  "GET /sessions",
  "POST /sessions",
  "GET /sessions/:id",
  "POST /sessions/:id/input",
  "POST /sessions/:id/kill",
  "GET /events",
  "GET /sessions/:id/events",
]);

const ABOUT = `What a client may rely on, as a machine reads it; docs/API-CONTRACT.md says the same in sentences. The contract only grows: \
members, routes and codes are added, none changes its meaning, so ignore members that you don't know. What is marked (+) the first contract did not have; \
\`health.capabilities\` announces it (\`x-capabilities\`).

HTTP/1.1 on the Unix socket \`<COVEN_HOME>/coven.sock\`; there is no TCP. Each path is also served without \`/api/v1\`. An empty body is \`{}\`, \
a null member counts as absent, a body may have 4 MiB (a launch 16). Errors are \`{"error":{"code","message","details"?}}\`: branch on the code. \
A path or method that is not here is 404 \`not_found\`; a request with an \`Origin\` header is 403 \`forbidden\`.`;

/** Every code that a record says its route may refuse with; any route may with the last three. */
export function refusalsOf({ path, of, live, query, headers, body, refuses = [] }: AnyRoute): ErrorCode[] {
  const all: (ErrorCode | undefined)[] = [
    path.includes(":id") && of === undefined ? "session_not_found" : undefined,
    live ? "session_not_live" : undefined,
    query || headers || body ? "invalid_request" : undefined,
    body ? "payload_too_large" : undefined,
    ...refuses,
    "forbidden",
    "runtime_unavailable",
    "internal_error",
  ];
  return Array.from(new Set(all)).filter((code) => code !== undefined);
}

/** The document. `capabilities`: what `health.capabilities` says of these routes. */
export function openapiOf(
  routes: Readonly<Record<string, AnyRoute>>,
  capabilities: Readonly<Record<string, boolean | string>>,
): Json {
  const schemas = new Schemas();
  schemas.of(errorBody);
  const responses: Json = {};
  for (const code of ERROR_CODES) {
    schemas.add(nameOf(code), refusalSchema(code));
    const schema = { $ref: `#/components/schemas/${nameOf(code)}` };
    responses[nameOf(code)] = refusal(`\`${code}\`: ${MEANING[code]}`, schema);
  }
  responses["BodyTooSlow"] = refusal("`invalid_request`: the body did not come within its time.", {
    $ref: `#/components/schemas/${nameOf("invalid_request")}`,
  });

  const paths: Record<string, Record<string, Json>> = {};
  for (const [name, route] of Object.entries(routes)) {
    const path = route.path.replace(":id", "{id}");
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operation(name, route, schemas) };
  }
  return {
    openapi: "3.1.1",
    info: {
      title: "Coven, coven.daemon.v1",
      version: "v1",
      summary: "The local API of the Coven daemon",
      description: ABOUT,
      license: { name: "MIT", identifier: "MIT" },
    },
    servers: [{ url: "http://coven/api/v1", description: "Over the Unix socket; the host is any." }],
    tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
    paths,
    components: {
      schemas: schemas.all(),
      responses,
      parameters: {
        SessionId: {
          ...{ name: "id", in: "path", required: true },
          description:
            "Of a session; of one that somebody else started it may hold slashes, which stand in the path as they are or percent-encoded.",
          schema: { type: "string", pattern: "^[A-Za-z0-9._:/-]{1,128}$" },
        },
        ApprovalId: { name: "id", in: "path", required: true, schema: { type: "string" } },
      },
      headers: {
        RequestId: {
          description: "Under which the daemon's log has it.",
          schema: { type: "string" },
        },
      },
      securitySchemes: {
        ownerKey: {
          type: "http",
          scheme: "bearer",
          description: "The content of `<COVEN_HOME>/owner.key`: whoever shows it is the owner.",
        },
      },
    },
    "x-capabilities": capabilities,
  };
}

const TAGS = {
  daemon: "The daemon itself, and what it knows",
  sessions: "Records: listing, launching, rituals",
  terminal: "What a session shows, and typing into it",
  events: "What has happened, as pages and as streams",
  control: "Actions by policy, and approvals",
} as const;

function tagOf(path: string): keyof typeof TAGS {
  if (/\/(events|feed|log)$/.test(path) && !path.startsWith("/approvals")) return "events";
  if (/^\/(actions|capabilities|approvals)/.test(path)) return "control";
  if (/\/(input|approve|deny|resize|kill|screen|output|attach)$/.test(path)) return "terminal";
  return path.startsWith("/sessions") ? "sessions" : "daemon";
}

function operation(name: string, route: AnyRoute, schemas: Schemas): Json {
  const { place, path, query, headers, body, summary, description, offers, of } = route;
  const parameters: Json[] = [];
  if (path.includes(":id")) {
    parameters.push({ $ref: `#/components/parameters/${of === "approval" ? "ApprovalId" : "SessionId"}` });
  }
  for (const [where, schema] of [["query", query] as const, ["header", headers] as const]) {
    for (const [key, member] of Object.entries(schema?.shape ?? {})) {
      // OpenAPI says that one in another way.
      if (key === "Authorization") continue;
      const { description: says, ...rest } = schemas.of(member as z.ZodType, "output");
      parameters.push({
        ...{ name: key, in: where, required: (member as z.ZodType)._zod.optin !== "optional" },
        ...(says ? { description: says } : {}),
        schema: rest,
      });
    }
  }
  return {
    operationId: name,
    summary: FIRST.has(place) ? summary : `(+) ${summary}`,
    ...(description ? { description } : {}),
    tags: [tagOf(path)],
    ...(headers && "Authorization" in headers.shape ? { security: [{}, { ownerKey: [] }] } : {}),
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(body
      ? {
          requestBody: {
            required: !body.safeParse({}).success,
            content: { "application/json": { schema: schemas.of(body) } },
          },
        }
      : {}),
    responses: { ...answers(route, schemas), ...refusals(route, schemas) },
    ...(route.answer === "websocket" ? { "x-websocket": webSocket(schemas) } : {}),
    ...(offers ? { "x-capabilities": offers } : {}),
  };
}

/** What is answered that is no refusal. */
function answers({ answer, stream, status }: AnyRoute, schemas: Schemas): Json {
  if (answer === "websocket") {
    return { 101: { description: "The connection is a WebSocket; see `x-websocket`." } };
  }
  const content: Json = {};
  if (typeof answer === "object") content["application/json"] = { schema: schemas.of(answer) };
  else if (answer === "text") content["text/plain"] = { schema: { type: "string" } };
  else if (!stream) content["application/octet-stream"] = { schema: { type: "string", format: "binary" } };
  if (stream) {
    content["text/event-stream"] = {
      schema: {
        type: "string",
        description:
          typeof answer === "object"
            ? "Server-sent events, for `Accept: text/event-stream`; `Last-Event-ID` goes on. `x-event-data` is the `data` of each."
            : "Server-sent events; `Last-Event-ID` goes on. `x-event-data` is the `data` of each.",
      },
      "x-event-data": schemas.of(stream),
    };
  }
  const all: readonly number[] = [status ?? 200].flat();
  const said = (one: number) => (one === 200 && all.length > 1 ? AGAIN[all[0] ?? 200] : SAID[one]);
  return Object.fromEntries(all.map((one) => [one, { description: said(one), content }]));
}

const SAID: Readonly<Record<number, string>> = { 200: "Done.", 201: "Made.", 202: "Taken." };
/** What 200 means beside another status. */
const AGAIN: Readonly<Record<number, string>> = {
  201: "It was there already: nothing was made.",
  202: "Done; or asked for again, and this is the first answer.",
};

/** By status, each with the codes that may stand in it. */
function refusals(route: AnyRoute, schemas: Schemas): Json {
  const codes = refusalsOf(route);
  const beside = route.beside && schemas.of(route.beside);
  const all: Record<number, Json> = {};
  for (const [status, those] of Map.groupBy(codes, (code) => STATUS[code])) {
    const [first, ...more] = those.map((code) => ({ $ref: `#/components/schemas/${nameOf(code)}` }));
    const only = those[0];
    if (only && more.length === 0 && !beside) {
      all[status] = { $ref: `#/components/responses/${nameOf(only)}` };
      continue;
    }
    const each = [first, ...more];
    const schema = beside
      ? { anyOf: [...each.map((one) => ({ allOf: [one, beside] })), ...each] }
      : { oneOf: each };
    all[status] = refusal(those.map((code) => `\`${code}\`: ${MEANING[code]}`).join("\n\n"), schema);
  }
  if (route.body) all[408] = { $ref: "#/components/responses/BodyTooSlow" };
  return all;
}

function refusal(description: string, schema: Json): Json {
  return {
    description,
    headers: { "X-Request-Id": { $ref: "#/components/headers/RequestId" } },
    content: { "application/json": { schema } },
  };
}

function webSocket(schemas: Schemas): Json {
  return {
    receives: {
      text: schemas.of(attachFrame),
      binary: "After `attached` and `gap` what draws the whole screen on a fresh terminal; else live output.",
    },
    sends: { text: schemas.of(attachMessage), binary: "Keys." },
  };
}

/** `session_not_found` as the name of a type: `SessionNotFoundError`. */
function nameOf(code: ErrorCode): string {
  const name = code.replace(/(?:^|_)(\w)/g, (_, letter: string) => letter.toUpperCase());
  return name.endsWith("Error") ? name : `${name}Error`;
}

function refusalSchema(code: ErrorCode): Json {
  return {
    type: "object",
    description: MEANING[code],
    properties: {
      error: {
        type: "object",
        properties: {
          code: { type: "string", const: code },
          message: { type: "string", description: "For a person." },
          details: { type: "object", additionalProperties: true },
        },
        required: ["code", "message"],
      },
    },
    required: ["error"],
  };
}

/** zod's schemas as JSON Schema; those that have an id stand once, among the components. */
class Schemas {
  readonly #all = new Map<string, Json>();

  add(name: string, schema: Json): void {
    const there = this.#all.get(name);
    if (there && JSON.stringify(there) !== JSON.stringify(schema))
      throw new Error(`two schemas called ${name}`);
    this.#all.set(name, schema);
  }

  /** `input` is what is sent: it lets members through that nobody knows. `output` is what a parameter becomes: a number, no digits. */
  of(schema: z.ZodType, io: "input" | "output" = "input"): Json {
    // Wrapped, so that what has an id is referred to by it.
    const { $defs, properties } = z.toJSONSchema(z.object({ it: schema }), {
      io,
      unrepresentable: "any",
      override: ({ jsonSchema }) => {
        // Zod's `readonly` means the value; OpenAPI's that only the server sends it.
        delete jsonSchema.readOnly;
        delete jsonSchema.id;
        if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
        if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
      },
    });
    for (const [name, one] of Object.entries($defs ?? {})) this.add(name, renamed(one) as Json);
    return renamed(properties?.["it"]) as Json;
  }

  all(): Json {
    const sorted = Array.from(this.#all).sort(([a], [b]) => (a < b ? -1 : 1));
    return Object.fromEntries(sorted);
  }
}

/** With references to where the components of an OpenAPI document stand. */
function renamed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(renamed);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [
      key,
      key === "$ref" ? String(one).replace("#/$defs/", "#/components/schemas/") : renamed(one),
    ]),
  );
}
