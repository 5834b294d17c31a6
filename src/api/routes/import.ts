// What an earlier coven has recorded, taken over.
import * as z from "zod";
import { ok } from "../respond.ts";
import { route } from "../route.ts";

export const imports = {
  import: route("POST /import", {
    summary: "Take over a little of what coven 0.4 has recorded",
    /** Once more while the answer says `more`: each time a little is done, and the daemon answers others in between. */
    body: z.object({ from: z.literal("0.4") }),
    answer: z.object({
      sessions: z.int().describe("Since this import began."),
      events: z.int(),
      present: z.int().describe("Sessions that were here already."),
      more: z.boolean(),
      skipped: z.array(z.object({ what: z.string(), why: z.string() })).readonly(),
    }),
    refuses: ["runtime_unavailable"],
    offers: { import: true },
    handle: (api) => ok(api.earlier.importSome()),
  }),
};
