// The contract, as a machine reads it.
import * as z from "zod";
import { route } from "../route.ts";

export const openapi = {
  openapi: route("GET /openapi.json", {
    summary: "This document",
    answer: z.looseObject({ openapi: z.string() }),
    offers: { openapi: true },
    handle: (api) => ({ status: 200, json: api.openapi() }),
  }),
};
