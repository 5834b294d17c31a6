// Holds where a home is, by the rules of each system, and that a path no socket can have is refused before anything is touched.
import { expect, test } from "bun:test";
import { homedir } from "node:os";
import { covenPaths } from "../src/paths.ts";
import { refusalOf } from "./support/refusal.ts";

test("the home is COVEN_HOME, else .coven beneath the user's own directory", () => {
  expect(covenPaths({ COVEN_HOME: "/c", HOME: "/home/ada" }, "linux").socket).toBe("/c/coven.sock");
  expect(covenPaths({ HOME: "/home/ada" }, "linux").home).toBe("/home/ada/.coven");
  expect(covenPaths({ COVEN_HOME: "", HOME: "" }, "linux").home).toBe(`${homedir()}/.coven`);
});

test("Windows: the user's profile, with its separators, whatever a Unix shell calls HOME", () => {
  const env = { HOME: "/c/Users/ada", USERPROFILE: "C:\\Users\\ada" };
  const paths = covenPaths(env, "win32");
  expect(paths.socket).toBe("C:\\Users\\ada\\.coven\\coven.sock");
  expect(paths.log).toBe("C:\\Users\\ada\\.coven\\logs\\daemon.log");
  expect(covenPaths({ ...env, COVEN_HOME: "D:\\c" }, "win32").lock).toBe("D:\\c\\daemon.lock");
});

test.each([
  ["linux", 107],
  ["darwin", 103],
  ["win32", 107],
] as const)(
  "%s: a socket's path has at most %d bytes, and four are for the name it is bound under",
  (platform, most) => {
    const root = platform === "win32" ? "C:\\" : "/";
    const home = root + "x".repeat(most - root.length - "/coven.sock.tmp".length);
    expect(Buffer.byteLength(`${covenPaths({ COVEN_HOME: home }, platform).socket}.tmp`)).toBe(most);
    const refusal = refusalOf(() => covenPaths({ COVEN_HOME: `${home}x` }, platform));
    expect(refusal).toMatchObject({ code: "invalid_request", details: { limit: most - 4, bytes: most - 3 } });
  },
);

test("a relative home is refused", () => {
  expect(refusalOf(() => covenPaths({ COVEN_HOME: "c" }, "linux")).message).toContain("absolute");
  expect(refusalOf(() => covenPaths({ COVEN_HOME: "c" }, "win32")).message).toContain("absolute");
});
