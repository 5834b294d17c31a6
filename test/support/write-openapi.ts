// Writes docs/openapi.json anew, from the records of the routes, and the types of @opencoven/client from that: run it after a change of theirs, and read the
// difference as a client would.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { contractTypes } from "../../npm/contract-types.ts";
import { openapiOf } from "../../src/api/openapi.ts";
import { ROUTES, servedCapabilities } from "../../src/api/routes/table.ts";
import { ERROR_CODES } from "../../src/errors.ts";

/** The file as it should be. */
export function openapiFile(): string {
  return `${JSON.stringify(openapiOf(ROUTES, servedCapabilities()), null, 2)}\n`;
}

/** The types of the client as they should be. */
export function contractTypesFile(): string {
  return contractTypes({ ...JSON.parse(openapiFile()), codes: ERROR_CODES });
}

const root = join(import.meta.dir, "..", "..");
/** Where they are kept. */
export const OPENAPI_FILE = join(root, "docs", "openapi.json");
export const CONTRACT_TYPES_FILE = join(root, "npm", "client", "contract.d.ts");

if (import.meta.main) {
  writeFileSync(OPENAPI_FILE, openapiFile());
  writeFileSync(CONTRACT_TYPES_FILE, contractTypesFile());
}
