// Which process listens on a Unix socket, in the kernel's own words.

import { ptr } from "bun:ffi";
import { closeSync } from "node:fs";
import { libc, memory } from "./libc.ts";

const AF_UNIX = 1;
const SOCK_STREAM = 1;
/** unix(7): `struct ucred { pid_t pid; uid_t uid; gid_t gid }`; for a listener, of the moment it began to listen. */
const LINUX = { level: 1, option: 17, bytes: 12 };
/** sys/un.h of macOS: SOL_LOCAL, LOCAL_PEERPID. */
const DARWIN = { level: 0, option: 2, bytes: 4 };
/** sockaddr_un: two bytes before the path, on macOS its length and the family of one byte each. */
const PATH_AT = 2;
const ADDRESS_BYTES = 110;

/** The process that listens on the socket at `path`; undefined when nobody does, or the system doesn't say. */
export function listenerOf(path: string): number | undefined {
  const asked = process.platform === "darwin" ? DARWIN : LINUX;
  const name = Buffer.from(path);
  const calls = libc("socket", "connect", "getsockopt");
  if (!calls || name.length > ADDRESS_BYTES - PATH_AT - 1) return undefined;
  const address = memory(ADDRESS_BYTES);
  if (process.platform === "darwin") address.set([PATH_AT + name.length + 1, AF_UNIX]);
  else address.set([AF_UNIX, 0]);
  address.set(name, PATH_AT);
  const fd = calls.socket(AF_UNIX, SOCK_STREAM, 0);
  if (fd < 0) return undefined;
  try {
    if (calls.connect(fd, ptr(address), PATH_AT + name.length + 1) !== 0) return undefined;
    const answer = new DataView(new ArrayBuffer(asked.bytes));
    const length = new Uint32Array(new ArrayBuffer(4)).fill(asked.bytes);
    if (calls.getsockopt(fd, asked.level, asked.option, ptr(answer), ptr(length)) !== 0) return undefined;
    const pid = answer.getInt32(0, true);
    return pid > 0 ? pid : undefined;
  } finally {
    closeSync(fd);
  }
}
