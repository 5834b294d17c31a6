// Whom this daemon may launch.
import * as z from "zod";
import { type HarnessInfo, MATURITIES } from "../../session/ports/harnesses.ts";
import { ok } from "../respond.ts";
import { route } from "../route.ts";

export const harnesses = {
  harnesses: route("GET /harnesses", {
    summary: "Whom this daemon may launch",
    answer: z.array(
      z.object({
        id: z.string(),
        label: z.string(),
        executable: z.string(),
        available: z.boolean(),
        path: z.string().nullable(),
        hint: z.string(),
        source: z.enum(["built-in", "manifest"]),
        enabled: z.boolean(),
        maturity: z.enum(MATURITIES).nullable(),
        version: z.string().nullable(),
        stream: z.boolean(),
      }) satisfies z.ZodType<HarnessInfo>,
    ),
    offers: { harnesses: true, recipes: true, streamLaunch: true },
    handle: ({ harnesses }) => ok(harnesses()),
  }),
};
