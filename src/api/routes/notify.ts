// Whether the person can be told.
import * as z from "zod";
import { ACCEPTED, ok } from "../respond.ts";
import { route } from "../route.ts";
import { accepted, anyObject } from "../schema.ts";

const report = z.object({
  at: z.string(),
  event: z.enum(["waiting", "done", "ended", "approval", "test"]),
  sessionId: z.string().nullable(),
  ways: z
    .array(
      z.object({
        way: z.enum(["command", "desktop", "settings"]),
        ok: z.boolean(),
        problem: z.string().nullable(),
      }),
    )
    .readonly(),
});

export const notify = {
  notifyTest: route("POST /notify", {
    summary: "Tell the user something, as for a session",
    body: anyObject,
    answer: accepted,
    status: 202,
    offers: { notify: true },
    handle: ({ notifications }) => {
      notifications.test();
      return ACCEPTED;
    },
  }),
  notified: route("GET /notify", {
    summary: "What became of the last thing the user was told",
    answer: z.object({ last: report.nullable() }),
    handle: ({ notifications }) => ok({ last: notifications.last() }),
  }),
};
