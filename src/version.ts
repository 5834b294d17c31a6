// What this build calls itself. No imports beyond the manifest: the `--version` fast path reads only this.
import { version } from "../package.json";

/** The version of this executable, as published (`major.minor.patch`). */
export const COVEN_VERSION: string = version;

/** The name of the wire contract this executable serves and speaks; frozen. */
export const API_VERSION = "coven.daemon.v1";

/** The path segments under `/api/` that this executable serves. */
export const SUPPORTED_API_VERSIONS = ["v1"] as const;
