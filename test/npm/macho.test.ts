// The ad-hoc signer on a small Mach-O file made here; what the bundler really writes is signed in release.suite.ts.
import { describe, expect, test } from "bun:test";
import { readSignature, signAdHoc, stalePages } from "../../npm/macho.ts";

const CODE_BYTES = 5 * 4096 + 784;

/** Header, __TEXT, __LINKEDIT and a signature command over `CODE_BYTES` of content; the signature itself is room only. */
function unsigned(): Uint8Array {
  const file = new Uint8Array(CODE_BYTES + 64).fill(0xab);
  const view = new DataView(file.buffer);
  file.fill(0, 0, 32 + 72 * 2 + 16);
  [0xfeedfacf, 0x01000007, 3, 2, 3, 72 * 2 + 16, 0, 0].forEach((word, index) => {
    view.setUint32(index * 4, word, true);
  });
  const segment = (at: number, name: string, fileOffset: number, fileSize: number) => {
    view.setUint32(at, 0x19, true);
    view.setUint32(at + 4, 72, true);
    file.set(new TextEncoder().encode(name), at + 8);
    view.setBigUint64(at + 40, BigInt(fileOffset), true);
    view.setBigUint64(at + 48, BigInt(fileSize), true);
  };
  segment(32, "__TEXT", 0, 16384);
  segment(104, "__LINKEDIT", 16384, CODE_BYTES + 64 - 16384);
  [0x1d, 16, CODE_BYTES, 64].forEach((word, index) => {
    view.setUint32(176 + index * 4, word, true);
  });
  return file;
}

describe("the ad-hoc signature", () => {
  test("covers every byte before itself, the last short page too", () => {
    const signed = signAdHoc(unsigned(), "coven");
    const { hashes, codeLimit, offset, size, identifier, flags, pageBytes } = readSignature(signed);
    expect({ pages: hashes.length, codeLimit, offset, identifier, flags, pageBytes }).toEqual({
      pages: 6,
      codeLimit: CODE_BYTES,
      offset: CODE_BYTES,
      identifier: "coven",
      flags: 0x20002,
      pageBytes: 4096,
    });
    expect(signed.length).toBe(offset + size);
    expect(stalePages(signed)).toEqual([]);
  });

  test("a byte changed anywhere makes its page stale, and only that one", () => {
    for (const [at, page] of [
      [20, 0],
      [4096, 1],
      [CODE_BYTES - 1, 5],
    ] as const) {
      const signed = signAdHoc(unsigned(), "coven");
      signed[at] = (signed[at] ?? 0) ^ 1;
      expect(stalePages(signed)).toEqual([page]);
    }
  });

  test("a signature that stops short of the end is called stale, though every hash it has is right", () => {
    const signed = signAdHoc(unsigned(), "coven");
    // One page fewer, and nothing said of the rest: what a file looks like that grew after it was signed.
    new DataView(signed.buffer).setUint32(CODE_BYTES + 20 + 28, 5);
    new DataView(signed.buffer).setUint32(CODE_BYTES + 20 + 32, 5 * 4096);
    expect(stalePages(signed)).toEqual([-1]);
  });

  test("the link-edit segment ends where the file ends, and signing again changes nothing", () => {
    const signed = signAdHoc(unsigned(), "coven");
    const view = new DataView(signed.buffer);
    expect(Number(view.getBigUint64(104 + 40, true) + view.getBigUint64(104 + 48, true))).toBe(signed.length);
    expect(signAdHoc(signed, "coven")).toEqual(signed);
  });

  test("what is no Mach-O file, or has no room for a signature, is refused", () => {
    expect(() => signAdHoc(new Uint8Array(100), "coven")).toThrow("not a 64-bit Mach-O file");
    const without = unsigned();
    new DataView(without.buffer).setUint32(16, 2, true);
    expect(() => signAdHoc(without, "coven")).toThrow("no place for a signature");
  });
});
