// Holds how an id is found from its beginning, over several pages, archived sessions included.
import { expect, test } from "bun:test";
import { fullId } from "../../src/cli/client/session-id.ts";
import { type Session, UNASKED } from "../../src/session/session.ts";

function session(id: string, title = "t"): Session {
  return {
    id,
    project_root: "/p",
    harness: "demo",
    title,
    status: "completed",
    exit_code: 0,
    archived_at: null,
    created_at: "2026-01-01T00:00:00.000Z",
    updated_at: "2026-01-01T00:00:00.000Z",
    cwd: "/p",
    launch_mode: "nonInteractive",
    pid: null,
    signal: null,
    activity: null,
    attention: null,
    ...UNASKED,
  };
}

const ALL = [
  session("aaaa1111-0000-4000-8000-000000000001", "first\u001b[2J"),
  session("aaaa2222-0000-4000-8000-000000000002"),
  session("bbbb3333-0000-4000-8000-000000000003"),
];

/** The lookup asks for pages only; a daemon of three thousand sessions behaves like this one of one per page. */
function pages(asked: unknown[] = []) {
  function sessions(): Promise<Session[]>;
  function sessions(query: { cursor?: string }): Promise<{ sessions: Session[]; next_cursor: string | null }>;
  // One implementation for both forms of the client's method; only the second is ever used.
  function sessions(query?: { cursor?: string }): Promise<never> {
    asked.push(query);
    const at = Number(query?.cursor ?? 0);
    const next = at + 1 < ALL.length ? String(at + 1) : null;
    return Promise.resolve({ sessions: ALL.slice(at, at + 1), next_cursor: next } as never);
  }
  return { sessions };
}

test("a beginning that fits one session finds it, on whatever page, in either case", async () => {
  expect(await fullId(pages(), "bbbb")).toBe("bbbb3333-0000-4000-8000-000000000003");
  expect(await fullId(pages(), "AAAA2")).toBe("aaaa2222-0000-4000-8000-000000000002");
});

test("archived sessions are found too", async () => {
  const asked: unknown[] = [];
  await fullId(pages(asked), "bbbb");
  expect(asked[0]).toEqual({ limit: 1000, includeArchived: true });
  expect(asked).toHaveLength(3);
});

test("a full id is taken as it is, and nothing is listed", async () => {
  const asked: unknown[] = [];
  const id = "ffffffff-0000-4000-8000-00000000000f";
  expect(await fullId(pages(asked), id)).toBe(id);
  expect(asked).toEqual([]);
});

test("an ambiguous beginning lists what it fits, with harmless titles", async () => {
  const message = await fullId(pages(), "aaaa").then(String, (error: Error) => error.message);
  expect(message).toBe(
    [
      "aaaa fits 2 sessions:",
      "  aaaa1111-0000-4000-8000-000000000001  completed  first␛[2J",
      "  aaaa2222-0000-4000-8000-000000000002  completed  t",
    ].join("\n"),
  );
});

test("nothing fits, or too little was typed", async () => {
  await expect(fullId(pages(), "cccc")).rejects.toThrow("Session not found: no id begins with cccc.");
  await expect(fullId(pages(), "aaa")).rejects.toThrow("aaa is too short for a session id");
});
