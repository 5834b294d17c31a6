// The boundary: real directories, real links, and every way of naming something that is not inside.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isCovenError } from "../../src/errors.ts";
import { boundaryOf } from "../../src/session/boundary.ts";

let top: string;

beforeAll(() => {
  top = realpathSync(mkdtempSync(join(tmpdir(), "cv-boundary-")));
  for (const dir of ["root/in/side", "root-beside", "elsewhere", "root/..odd", "root/new\nline"]) {
    mkdirSync(join(top, dir), { recursive: true });
  }
  writeFileSync(join(top, "root/file"), "");
  symlinkSync(join(top, "elsewhere"), join(top, "root/way-out"));
  symlinkSync(join(top, "root/in"), join(top, "root/way-in"));
  symlinkSync(join(top, "root"), join(top, "link-to-root"));
  symlinkSync("loop", join(top, "root/loop"));
  execFileSync("mkfifo", [join(top, "root/fifo")]);
});

afterAll(() => rmSync(top, { recursive: true, force: true }));

const taken: [name: string, root: string, cwd: string | undefined, expectedCwd: string][] = [
  ["no cwd is the root", "root", undefined, "root"],
  ["a dot", "root", ".", "root"],
  ["relative to the root", "root", "in/side", "root/in/side"],
  ["out and in again", "root", "../root/in", "root/in"],
  ["a link that stays inside", "root", "way-in/side", "root/in/side"],
  ["a root given through a link is canonical", "link-to-root", "in", "root/in"],
  ["a name that only begins with two dots", "root", "..odd", "root/..odd"],
  ["a newline in a name", "root", "new\nline", "root/new\nline"],
];

for (const [name, root, cwd, expectedCwd] of taken) {
  test(`taken: ${name}`, () => {
    expect(boundaryOf(join(top, root), cwd)).toEqual({
      projectRoot: join(top, "root"),
      cwd: join(top, expectedCwd),
    });
  });
}

test("taken: an absolute cwd inside, also when named through the link", () => {
  expect(boundaryOf(join(top, "root"), join(top, "link-to-root/in")).cwd).toBe(join(top, "root/in"));
});

test("taken: the root of the file system is a root", () => {
  expect(boundaryOf("/", top).cwd).toBe(top);
});

const refused: [name: string, root: string, cwd: string | undefined, field: string][] = [
  ["a root that does not exist", "/no/such/root", undefined, "projectRoot"],
  ["a relative root", "root", undefined, "projectRoot"],
  ["an empty root", "", undefined, "projectRoot"],
  ["a root that is a file", "@/root/file", undefined, "projectRoot"],
  ["a root that is a FIFO", "@/root/fifo", undefined, "projectRoot"],
  ["a root that is a device", "/dev/null", undefined, "projectRoot"],
  ["a root with NUL", "@/root\0", undefined, "projectRoot"],
  ["an empty cwd", "@/root", "", "cwd"],
  ["a cwd above", "@/root", "..", "cwd"],
  ["a cwd beside that shares the name's beginning", "@/root", "../root-beside", "cwd"],
  ["an absolute cwd outside", "@/root", "/", "cwd"],
  ["a link that leads out", "@/root", "way-out", "cwd"],
  ["a loop of links", "@/root", "loop", "cwd"],
  ["a cwd that is a file", "@/root", "file", "cwd"],
  ["a cwd that is missing", "@/root", "missing", "cwd"],
  ["a cwd longer than the system allows", "@/root", "x".repeat(5000), "cwd"],
];

for (const [name, root, cwd, field] of refused) {
  test(`refused: ${name}`, () => {
    try {
      boundaryOf(root.replace("@", top), cwd);
    } catch (error) {
      if (!isCovenError(error)) throw error;
      expect(error.code).toBe("invalid_request");
      expect(error.details?.["field"]).toBe(field);
      return;
    }
    throw new Error("it was taken");
  });
}
