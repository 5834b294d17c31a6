// What the OpenAPI document says that was published for coven.daemon.v1 with 0.4.6 (docs.opencoven.ai/docs/openapi): the members, types and
// words of each answer, as JSON Schema. Facts only, so that a client which was generated from it can be stood in for.

type Schema = Readonly<Record<string, unknown>>;

const TEXT: Schema = { type: "string" };
const WHOLE: Schema = { type: "integer" };
const SWITCH: Schema = { type: "boolean" };
/** `format: date-time`. */
const TIME: Schema = { type: "string", format: "date-time" };

const orNull = (schema: Schema): Schema => ({ anyOf: [schema, { type: "null" }] });
const list = (items: Schema): Schema => ({ type: "array", items });
const words = (...all: string[]): Schema => ({ type: "string", enum: all });
const counted = (minimum: number): Schema => ({ type: "integer", minimum });

/** Every member that is named is required, as in the document; more may be there. */
const object = (properties: Readonly<Record<string, Schema>>, optional: string[] = []): Schema => ({
  type: "object",
  required: Object.keys(properties).filter((name) => !optional.includes(name)),
  properties,
});

/** Kinds that the document has, and two of ours that it has not. 0.4.6 too wrote kinds beyond them (`output_truncated`, `error`), so no client may refuse one. */
const EVENT_KINDS = ["output", "input", "status", "exit", "kill", "capabilities.refreshed"];
const OUR_KINDS = ["metadata", "resize"];

const session = object({
  id: TEXT,
  project_root: TEXT,
  harness: TEXT,
  title: TEXT,
  status: words("created", "running", "completed", "failed", "killed", "orphaned"),
  exit_code: orNull(WHOLE),
  archived_at: orNull(TIME),
  created_at: TIME,
  updated_at: TIME,
  conversation_id: orNull(TEXT),
  familiar_id: orNull(TEXT),
  labels: list(TEXT),
  visibility: TEXT,
  external: SWITCH,
  transcript_path: orNull(TEXT),
});

/** By the names of the document's components. */
export const PUBLISHED = {
  ApiVersion: object({ apiVersion: TEXT, supportedApiVersions: list(TEXT) }),
  Health: object({
    ok: SWITCH,
    apiVersion: { type: "string", const: "coven.daemon.v1" },
    covenVersion: TEXT,
    capabilities: object({
      sessions: SWITCH,
      events: SWITCH,
      travel: SWITCH,
      scheduler: SWITCH,
      hub: SWITCH,
      executorDispatch: SWITCH,
      eventCursor: words("sequence"),
      structuredErrors: SWITCH,
    }),
    daemon: orNull(object({ pid: counted(1), startedAt: TIME, socket: TEXT })),
  }),
  Capabilities: object({
    capabilities: list(
      object({
        id: TEXT,
        label: TEXT,
        adapter: TEXT,
        status: words("available", "planned"),
        policy: words("allow", "requiresApproval"),
        actions: list(TEXT),
      }),
    ),
  }),
  ActionResponse: object({
    ok: SWITCH,
    accepted: SWITCH,
    action: TEXT,
    status: words("completed"),
    event: object({ kind: TEXT, action: TEXT, origin: TEXT, payload: { type: "object" } }),
  }),
  SessionRecord: session,
  Sessions: list(session),
  SessionActionResponse: object({ ok: SWITCH, accepted: SWITCH }),
  EventsResponse: object({
    events: list(
      object({
        seq: counted(0),
        id: TEXT,
        session_id: TEXT,
        kind: words(...EVENT_KINDS, ...OUR_KINDS),
        payload_json: TEXT,
        created_at: TIME,
      }),
    ),
    nextCursor: orNull(object({ afterSeq: counted(0) })),
    hasMore: SWITCH,
  }),
  Log: list(object({ ts: TIME, level: words("info", "tool", "error"), message: TEXT })),
  ErrorEnvelope: object({
    error: object(
      {
        code: words(
          ...["not_found", "invalid_request", "session_not_found", "session_not_live", "launch_failed"],
          ...["project_root_violation", "unknown_familiar", "send_input_failed", "session_id_conflict"],
          ...["not_external_session", "raw_artifact_requires_raw_flag", "raw_artifacts_disabled"],
          ...["artifact_not_found", "artifact_expired", "pty_spawn_failed", "runtime_unavailable"],
          "internal_error",
        ),
        message: TEXT,
        details: { type: "object" },
      },
      ["details"],
    ),
  }),
} as const;
