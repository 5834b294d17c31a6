// The routes by which a client learns what answers: the versions served, and that the daemon is well.
import * as z from "zod";
import { SUPPORTED_API_VERSIONS } from "../../version.ts";
import { route } from "../route.ts";
import { daemonIdentity, storageState } from "../schema.ts";

const VERSIONS = JSON.stringify({ apiVersion: "v1", supportedApiVersions: SUPPORTED_API_VERSIONS });

export const health = {
  apiVersion: route("GET /api-version", {
    summary: "The API versions that are served",
    answer: z.object({ apiVersion: z.string(), supportedApiVersions: z.array(z.string()) }),
    open: true,
    handle: () => ({ status: 200, json: VERSIONS }),
  }),

  health: route("GET /health", {
    summary: "Whether the daemon is well, who it is, and what it can do",
    answer: z.object({
      ok: z.literal(true),
      apiVersion: z.string(),
      supportedApiVersions: z.array(z.string()),
      covenVersion: z.string(),
      capabilities: z.record(z.string(), z.union([z.boolean(), z.string()])),
      daemon: daemonIdentity.nullable(),
      storage: z.object({ state: storageState }).exactOptional(),
    }),
    // Asked far too often to look at every connection each time.
    open: true,
    offers: { storage: true },
    handle: (api) => ({ status: 200, json: api.health() }),
  }),
};
