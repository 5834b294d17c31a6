// Tests src/os/file-failure.ts and umask.ts: the system's refusals in words, and a umask that is the caller's again.
import { expect, test } from "bun:test";
import { codeOf, fileFailure } from "../../src/os/file-failure.ts";
import { withUmask } from "../../src/os/umask.ts";

test("the umask is the caller's again, also after a throw", () => {
  const before = process.umask();
  expect(withUmask(0o077, () => process.umask())).toBe(0o077);
  expect(() =>
    withUmask(0o077, () => {
      throw new Error("no");
    }),
  ).toThrow("no");
  expect(process.umask()).toBe(before);
});

test("the system's refusals in words", () => {
  expect(fileFailure(Object.assign(new Error("x"), { code: "ENOSPC" }), "/h/a")).toMatchObject({
    code: "runtime_unavailable",
    message: "Coven cannot use /h/a: the disk is full.",
    details: { path: "/h/a", cause: "ENOSPC" },
  });
  expect(fileFailure(new Error("odd"), "/h/a").message).toBe("Coven cannot use /h/a: odd.");
  expect([codeOf(null), codeOf("x"), codeOf({ code: "EIO" })]).toEqual(["unknown", "unknown", "EIO"]);
});
