// Writes docs/openapi.json anew, from the records of the routes: run it after a change of theirs, and read the difference as a client would.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { openapiOf } from "../../src/api/openapi.ts";
import { ROUTES, servedCapabilities } from "../../src/api/routes/table.ts";

/** The file as it should be. */
export function openapiFile(): string {
  return `${JSON.stringify(openapiOf(ROUTES, servedCapabilities()), null, 2)}\n`;
}

/** Where it is kept. */
export const OPENAPI_FILE = join(import.meta.dir, "..", "..", "docs", "openapi.json");

if (import.meta.main) writeFileSync(OPENAPI_FILE, openapiFile());
