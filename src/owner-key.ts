// The key by which the owner of a home decides on approvals: whoever can read this file. A daemon makes a new one each time it starts.
import { randomBytes, timingSafeEqual } from "node:crypto";
import { lstatSync, readFileSync } from "node:fs";
import { codeOf } from "./os/file-failure.ts";
import { replaceFile } from "./os/replace-file.ts";

const KEY = /^[0-9a-f]{64}$/;

/** A new key, which nobody can guess. */
export function newOwnerKey(): string {
  return randomBytes(32).toString("hex");
}

/** Puts it into the file, mode 0600. Throws the file system's errors. */
export function writeOwnerKey(path: string, key: string): void {
  replaceFile(path, `${key}\n`);
}

/** The key in the file; undefined where there is none. Throws the file system's other errors. */
export function readOwnerKey(path: string): string | undefined {
  try {
    if (!lstatSync(path).isFile()) return undefined;
    const key = readFileSync(path, "utf8").trim();
    return KEY.test(key) ? key : undefined;
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

/** Whether an `Authorization` header shows this key. */
export function showsKey(header: string, key: string): boolean {
  const shown = /^Bearer ([0-9a-f]{64})$/.exec(header)?.[1];
  return shown !== undefined && timingSafeEqual(Buffer.from(shown), Buffer.from(key));
}
