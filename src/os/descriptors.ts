// What children inherit of our descriptors.
import { readdirSync } from "node:fs";
import { requireLibc } from "./libc.ts";

const linux = process.platform === "linux";
/** ioctl(2), <sys/ioctl.h>. */
const FIOCLEX = linux ? 0x5451 : 0x20006601;

/** Marks every descriptor of ours but 0-2 close-on-exec, for a way of starting programs that closes none itself. */
export function closeOnExec(): void {
  const { ioctl } = requireLibc("ioctl");
  for (const entry of readdirSync(linux ? "/proc/self/fd" : "/dev/fd")) {
    if (Number(entry) > 2) ioctl(Number(entry), FIOCLEX);
  }
}
