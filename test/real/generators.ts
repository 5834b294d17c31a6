// Gets two generators of clients from OpenAPI: pinned, from the npm registry, into a cache outside the tree, once.
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cacheDirectory, locked, npmInstall } from "./agents.ts";

/** The versions that are known to take docs/openapi.json; openapi-typescript wants a TypeScript of its own. */
export const GENERATOR_VERSIONS = {
  "openapi-typescript": "7.13.0",
  "@hey-api/openapi-ts": "0.99.0",
  typescript: "5.9.3",
} as const;

/** Their node_modules, or why there are none. Never throws: no registry is a reason, not a failure. */
export function generators(): { readonly modules: string } | { readonly reason: string } {
  const cache = cacheDirectory();
  const place = join(cache, `generators-${Object.values(GENERATOR_VERSIONS).join("-")}`);
  const modules = join(place, "node_modules");
  try {
    mkdirSync(cache, { recursive: true, mode: 0o700 });
    locked(join(cache, "install.lock"), () => {
      if (existsSync(modules)) return;
      const stage = mkdtempSync(join(cache, "stage-"));
      try {
        writeFileSync(
          join(stage, "package.json"),
          JSON.stringify({ private: true, dependencies: GENERATOR_VERSIONS }),
        );
        npmInstall(stage);
        rmSync(place, { recursive: true, force: true });
        renameSync(stage, place);
      } finally {
        rmSync(stage, { recursive: true, force: true });
      }
    });
    return { modules };
  } catch (error) {
    return { reason: error instanceof Error ? error.message : String(error) };
  }
}
