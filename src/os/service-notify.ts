// What a process tells the service manager that started it, descriptors included: sd_notify(3), the socket that NOTIFY_SOCKET names. Linux.
import { ptr } from "bun:ffi";
import { closeSync } from "node:fs";
import { libc, memory } from "./libc.ts";

/** <sys/socket.h> of Linux, the same numbers on x64 and arm64. */
const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0o2000000;
const SOL_SOCKET = 1;
const SCM_RIGHTS = 1;
/** Nobody waits for a manager that does not read; and no signal where it has gone. */
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
/** sun_path of sockaddr_un, its final NUL included. */
const PATH_BYTES = 108;
const HEADER_BYTES = 56;
const CONTROL_HEADER_BYTES = 16;

/** A way to the manager; `send` is false when the message was not taken, now or at all. */
export interface ServiceManager {
  send(message: string, descriptors?: readonly number[]): boolean;
}

/** The manager that the environment names; undefined where there is none, or it can't be reached from here. */
export function serviceManager(
  env: Readonly<Record<string, string | undefined>>,
): ServiceManager | undefined {
  const path = env["NOTIFY_SOCKET"] ?? "";
  if (process.platform !== "linux" || !/^[/@]./.test(path) || Buffer.byteLength(path) >= PATH_BYTES)
    return undefined;
  const calls = libc("socket", "sendmsg");
  if (!calls) return undefined;
  const { socket, sendmsg } = calls;
  return {
    send(message, descriptors = []) {
      const fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
      if (fd < 0) return false;
      try {
        const packed = pack(addressOf(path), Buffer.from(message), descriptors);
        return Number(sendmsg(fd, ptr(packed.header), MSG_DONTWAIT | MSG_NOSIGNAL)) >= 0;
      } finally {
        closeSync(fd);
      }
    },
  };
}

/** struct sockaddr_un; a name that begins with `@` is an abstract one. */
function addressOf(path: string): Uint8Array<ArrayBuffer> {
  const name = Buffer.from(path.replace(/^@/, "\0"));
  const address = memory(2 + name.length);
  new DataView(address.buffer).setUint16(0, AF_UNIX, true);
  address.set(name, 2);
  return address;
}

/** struct msghdr and all that it points to, which must be kept as long as it is used. */
function pack(address: Uint8Array<ArrayBuffer>, message: Buffer, descriptors: readonly number[]) {
  const text = memory(message.length);
  text.set(message);
  const vector = new BigUint64Array(new ArrayBuffer(16));
  vector.set([BigInt(ptr(text)), BigInt(text.length)]);
  const header = memory(HEADER_BYTES);
  const view = new DataView(header.buffer);
  view.setBigUint64(0, BigInt(ptr(address)), true);
  view.setUint32(8, address.length, true);
  view.setBigUint64(16, BigInt(ptr(vector)), true);
  view.setBigUint64(24, 1n, true);
  const control = memory(CONTROL_HEADER_BYTES + 8 * Math.ceil((4 * descriptors.length) / 8));
  if (descriptors.length > 0) {
    const rights = new DataView(control.buffer);
    rights.setBigUint64(0, BigInt(CONTROL_HEADER_BYTES + 4 * descriptors.length), true);
    rights.setInt32(8, SOL_SOCKET, true);
    rights.setInt32(12, SCM_RIGHTS, true);
    for (const [i, fd] of descriptors.entries()) rights.setInt32(CONTROL_HEADER_BYTES + 4 * i, fd, true);
    view.setBigUint64(32, BigInt(ptr(control)), true);
    view.setBigUint64(40, BigInt(control.length), true);
  }
  return { header, kept: [address, text, vector, control] };
}

/** SD_LISTEN_FDS_START of sd_listen_fds(3). */
const FIRST = 3;

/** The descriptors that the manager has passed to this very process, by number, each with its name. Takes the variables out of the environment. */
export function takePassed(
  env: Record<string, string | undefined>,
): readonly { readonly fd: number; readonly name: string }[] {
  const { LISTEN_PID: pid, LISTEN_FDS: count, LISTEN_FDNAMES: names = "" } = env;
  for (const name of ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"]) delete env[name];
  if (Number(pid) !== process.pid || !Number.isInteger(Number(count))) return [];
  const named = names.split(":");
  return Array.from({ length: Number(count) }, (_, i) => ({ fd: FIRST + i, name: named[i] ?? "" }));
}
