// Who is connected: the kernel's word on the user behind every connection to our socket (decision 0015).
// Bun.serve tells no connection's descriptor, so all of them are looked at: the one that asks is open while it is answered.
import { ptr } from "bun:ffi";
import { fstatSync, readdirSync } from "node:fs";
import { type Libc, memory, requireLibc } from "../os/libc.ts";
import type { Log } from "../session/ports/world.ts";

const linux = process.platform === "linux";
/** unix(7) SO_PEERCRED: `struct ucred { pid_t pid; uid_t uid; gid_t gid }`. */
const SOL_SOCKET = 1;
const SO_PEERCRED = 17;
const SO_ACCEPTCONN = 30;
const UCRED_BYTES = 12;
/** unix(7) SIOCOUTQ, the number of TIOCOUTQ. */
const SIOCOUTQ = 0x5411;
const SHUT_RDWR = 2;
/** sun_path follows the family, two bytes on either system. */
const SUN_PATH = 2;
const SOCKADDR_BYTES = 128;
/** The most descriptors that are tried one by one, together about 10 ms. More can't be looked at without holding everybody up. */
const MOST_TRIED = 65_536;

/** Looks at who is connected. */
export interface PeerWatch {
  /** True when every connection to our socket is of our own user or root; whoever is not is hung up on, and logged. */
  onlyOurs(): boolean;
  /** Connections to our socket whose client has not read all it was sent; none where the system doesn't say. */
  unread(): Unread[];
  /** The sockets that listen under our name. */
  listening(): number[];
  /** The process with most connections to our socket. */
  busiest(): { readonly pid: number; readonly connections: number } | undefined;
  /** Ends a connection; whatever waited to be sent on it is let go. */
  hangUp(fd: number): void;
}

/** A connection with bytes that wait in the kernel. */
export interface Unread {
  readonly fd: number;
  /** Of this connection and no other, also where `fd` is used again. */
  readonly inode: number;
  /** The process that has connected. */
  readonly pid: number;
  readonly bytes: number;
}

/**
 * The watch over the socket bound as `bound` (the name it was bound under, which accepted connections keep). About 10 us for
 * a handful of connections, 1 us for each more. Where the system's library can't be loaded nobody is looked at, and the
 * log says so.
 */
export function watchPeers(bound: string, log: Log, me: number = process.geteuid?.() ?? 0): PeerWatch {
  // Windows has no such word; there the home alone decides.
  if (process.platform === "win32") return BLIND;
  let call: Peers;
  try {
    call = linux ? linuxPeers() : darwinPeers();
  } catch (error) {
    log.warn("peers_not_watched", { reason: String(error) });
    return BLIND;
  }
  return {
    onlyOurs() {
      let ours = true;
      for (const fd of descriptors(call)) {
        const uid = call.peerOf(fd)?.uid;
        // Root may read our memory; keeping it from our socket would protect nothing.
        if (uid === undefined || uid === me || uid === 0 || call.nameOf(fd) !== bound) continue;
        ours = false;
        call.hangUp(fd);
        log.warn("foreign_peer", { uid, code: "forbidden" });
      }
      return ours;
    },
    unread() {
      const found: Unread[] = [];
      for (const fd of descriptors(call)) {
        const bytes = call.unreadOf(fd);
        if (bytes === 0 || call.nameOf(fd) !== bound) continue;
        const { pid = 0 } = call.peerOf(fd) ?? {};
        found.push({ fd, inode: fstatSync(fd).ino, pid, bytes });
      }
      return found;
    },
    listening: () => [...descriptors(call)].filter((fd) => call.listens(fd) && call.nameOf(fd) === bound),
    busiest() {
      const connections = new Map<number, number>();
      for (const fd of descriptors(call)) {
        const pid = call.peerOf(fd)?.pid;
        if (pid === undefined || call.listens(fd) || call.nameOf(fd) !== bound) continue;
        connections.set(pid, (connections.get(pid) ?? 0) + 1);
      }
      const [most] = [...connections].sort(([, a], [, b]) => b - a);
      return most && { pid: most[0], connections: most[1] };
    },
    hangUp: (fd) => call.hangUp(fd),
  };
}

const BLIND: PeerWatch = {
  onlyOurs: () => true,
  unread: () => [],
  listening: () => [],
  busiest: () => undefined,
  hangUp() {},
};

/**
 * Our descriptors. Listing them takes one more, which at the limit is not to be had (nor where /proc is not mounted):
 * then every number there may be, up to `MOST_TRIED`; what isn't open or is no socket has no peer.
 */
function descriptors(call: Peers): Iterable<number> {
  try {
    return readdirSync(linux ? "/proc/self/fd" : "/dev/fd").map(Number);
  } catch {
    return Array(Math.min(Math.max(call.limit(), 0), MOST_TRIED)).keys();
  }
}

interface Peers {
  /** How many descriptors this process may have. */
  limit(): number;
  /** The user and process on the other end of a connected Unix socket; undefined for anything else. */
  peerOf(fd: number): { readonly uid: number; readonly pid?: number } | undefined;
  listens(fd: number): boolean;
  /** How many bytes we sent wait there to be read; 0 where the system doesn't say. */
  unreadOf(fd: number): number;
  /** The path our end is bound to. */
  nameOf(fd: number): string;
  hangUp(fd: number): void;
}

const COMMON = ["getdtablesize", "getsockname", "shutdown"] as const;

function linuxPeers(): Peers {
  const { getsockopt, ioctlAt, ...common } = requireLibc(...COMMON, "getsockopt", "ioctlAt");
  const cred = kept(new DataView(new ArrayBuffer(UCRED_BYTES)));
  const length = kept(new Uint32Array(new ArrayBuffer(4)));
  const queued = kept(new Int32Array(new ArrayBuffer(4)));
  const [at, lengthAt, queuedAt] = [ptr(cred), ptr(length), ptr(queued)];
  return {
    ...sockets(common),
    peerOf(fd) {
      length[0] = UCRED_BYTES;
      if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, at, lengthAt) !== 0) return undefined;
      return { pid: cred.getInt32(0, true), uid: cred.getUint32(4, true) };
    },
    listens(fd) {
      length[0] = 4;
      return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, queuedAt, lengthAt) === 0 && queued[0] === 1;
    },
    unreadOf: (fd) => (ioctlAt(fd, SIOCOUTQ, queuedAt) === 0 ? (queued[0] ?? 0) : 0),
  };
}

function darwinPeers(): Peers {
  const { getpeereid, ...common } = requireLibc(...COMMON, "getpeereid");
  const ids = kept(new Uint32Array(new ArrayBuffer(8)));
  const [uidAt, gidAt] = [ptr(ids), ptr(ids, 4)];
  return {
    ...sockets(common),
    peerOf: (fd) => (getpeereid(fd, uidAt, gidAt) === 0 ? { uid: ids[0] ?? 0 } : undefined),
    listens: () => false,
    unreadOf: () => 0,
  };
}

function sockets({
  getdtablesize,
  getsockname,
  shutdown,
}: Pick<Libc, (typeof COMMON)[number]>): Omit<Peers, "peerOf" | "listens" | "unreadOf"> {
  const address = kept(memory(SOCKADDR_BYTES));
  const length = kept(new Uint32Array(new ArrayBuffer(4)));
  const [at, lengthAt] = [ptr(address), ptr(length)];
  return {
    limit: () => getdtablesize(),
    nameOf(fd) {
      length[0] = SOCKADDR_BYTES;
      if (getsockname(fd, at, lengthAt) !== 0) return "";
      const path = Buffer.from(address.subarray(SUN_PATH, Math.min(length[0] ?? 0, SOCKADDR_BYTES)));
      const end = path.indexOf(0);
      return path.toString("utf8", 0, end === -1 ? path.length : end);
    },
    hangUp: (fd) => void shutdown(fd, SHUT_RDWR),
  };
}

/** What the kernel writes into, for as long as this process lives (`memory`). */
const written: ArrayBufferView[] = [];

function kept<T extends ArrayBufferView>(array: T): T {
  written.push(array);
  return array;
}
