// What an earlier coven has recorded, taken over.
import * as z from "zod";
import { ok } from "../respond.ts";
import { route } from "../route.ts";

export const imports = {
  import: route("POST /import", {
    /** Once more while the answer says `more`: each time a little is done, and the daemon answers others in between. */
    body: z.object({ from: z.literal("0.4") }),
    answer: z.object({
      /** Since this import began. */
      sessions: z.int(),
      events: z.int(),
      /** Sessions that were here already. */
      present: z.int(),
      more: z.boolean(),
      skipped: z.array(z.object({ what: z.string(), why: z.string() })).readonly(),
    }),
    refuses: ["runtime_unavailable"],
    offers: { import: true },
    handle: (api) => ok(api.earlier.importSome()),
  }),
};
