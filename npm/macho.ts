// The ad-hoc signature of a Mach-O executable: reads it, checks every page against it, makes it anew.
// Source of the format: Apple's open `cs_blobs.h` and `loader.h`. The CodeDirectory's numbers are big-endian, the file's little-endian.

const MH_MAGIC_64 = 0xfeedfacf;
const LC_SEGMENT_64 = 0x19;
const LC_CODE_SIGNATURE = 0x1d;
const SUPERBLOB = 0xfade0cc0;
const CODE_DIRECTORY = 0xfade0c02;
/** Ad hoc (no certificate), and made by a linker: the two flags under which the kernel asks for page hashes and nothing else. */
const FLAGS = 0x2 | 0x20000;
/** Version 0x20400: the first with the executable segment's extent, which arm64 needs. Its fixed part is 88 bytes. */
const VERSION = 0x20400;
const FIXED = 88;
const SHA256 = 2;
const HASH_BYTES = 32;
const PAGE_BITS = 12;
/** Segments are laid out on 16 KiB, the larger of the two page sizes macOS has. */
const SEGMENT = 0x4000;

/** What the signature of a file says. Offsets and sizes in bytes. */
export interface Signature {
  readonly offset: number;
  readonly size: number;
  readonly identifier: string;
  readonly flags: number;
  /** The bytes of the file the page hashes cover. */
  readonly codeLimit: number;
  readonly pageBytes: number;
  readonly hashes: readonly Uint8Array[];
}

interface Layout {
  readonly text: { readonly fileOffset: number; readonly fileSize: number };
  /** Where the two load commands start that name the signature's place and size. */
  readonly linkeditAt: number;
  readonly signatureAt: number;
  readonly signatureOffset: number;
  readonly signatureSize: number;
}

/** The signature of a 64-bit Mach-O file. Throws when the file is none, or has no signature we can read. */
export function readSignature(file: Uint8Array): Signature {
  const { signatureOffset: offset, signatureSize: size } = layout(file);
  const blob = new DataView(file.buffer, file.byteOffset + offset, size);
  if (blob.getUint32(0) !== SUPERBLOB) throw new Error("no signature blob where the load command says");
  for (let slot = 0; slot < blob.getUint32(8); slot++) {
    const at = blob.getUint32(12 + slot * 8 + 4);
    if (blob.getUint32(at) !== CODE_DIRECTORY) continue;
    const [hashesAt, nameAt, count] = [
      blob.getUint32(at + 16),
      blob.getUint32(at + 20),
      blob.getUint32(at + 28),
    ];
    const hashBytes = blob.getUint8(at + 36);
    if (blob.getUint8(at + 37) !== SHA256 || hashBytes !== HASH_BYTES)
      throw new Error("not a SHA-256 signature");
    const start = offset + at;
    const name = file.subarray(start + nameAt, file.indexOf(0, start + nameAt));
    return {
      offset,
      size,
      identifier: new TextDecoder().decode(name),
      flags: blob.getUint32(at + 12),
      codeLimit: blob.getUint32(at + 32),
      pageBytes: 1 << blob.getUint8(at + 39),
      hashes: Array.from({ length: count }, (_, page) =>
        file.subarray(start + hashesAt + page * HASH_BYTES, start + hashesAt + (page + 1) * HASH_BYTES),
      ),
    };
  }
  throw new Error("the signature has no code directory");
}

/**
 * The numbers of the pages whose content is not what the signature says; empty for a file macOS will run.
 * A signature that does not reach up to itself covers less than the file: -1 stands for that.
 */
export function stalePages(file: Uint8Array): number[] {
  const { hashes, pageBytes, codeLimit, offset } = readSignature(file);
  const stale = codeLimit === offset && hashes.length === Math.ceil(codeLimit / pageBytes) ? [] : [-1];
  for (const [page, hash] of hashes.entries()) {
    const end = Math.min((page + 1) * pageBytes, codeLimit);
    if (!sha256(file.subarray(page * pageBytes, end)).equals(hash)) stale.push(page);
  }
  return stale;
}

/**
 * The file with its signature replaced by an ad-hoc one under `identifier` (ASCII). The file must have had one: its
 * place, at the end, is kept. What a certificate had signed before (entitlements, the hardened runtime) is gone with it.
 */
export function signAdHoc(file: Uint8Array, identifier: string): Uint8Array {
  const { text, linkeditAt, signatureAt, signatureOffset } = layout(file);
  const pages = Math.ceil(signatureOffset / (1 << PAGE_BITS));
  const hashesAt = FIXED + identifier.length + 1;
  const directoryBytes = hashesAt + pages * HASH_BYTES;
  const size = 20 + directoryBytes;

  const signed = new Uint8Array(signatureOffset + size);
  signed.set(file.subarray(0, signatureOffset));
  const view = new DataView(signed.buffer);
  // The header first: it is itself part of the first page.
  view.setUint32(signatureAt + 12, size, true);
  const linkeditBytes = signatureOffset + size - Number(view.getBigUint64(linkeditAt + 40, true));
  view.setBigUint64(linkeditAt + 32, BigInt(Math.ceil(linkeditBytes / SEGMENT) * SEGMENT), true);
  view.setBigUint64(linkeditAt + 48, BigInt(linkeditBytes), true);

  // Superblob: magic, length, one slot (type 0 = code directory) at 20.
  [SUPERBLOB, size, 1, 0, 20].forEach((word, index) => {
    view.setUint32(signatureOffset + index * 4, word);
  });
  const at = signatureOffset + 20;
  // Code directory: magic, length, version, flags, hashes, identifier, special slots, pages, covered bytes.
  [CODE_DIRECTORY, directoryBytes, VERSION, FLAGS, hashesAt, FIXED, 0, pages, signatureOffset].forEach(
    (word, index) => {
      view.setUint32(at + index * 4, word);
    },
  );
  signed.set([HASH_BYTES, SHA256, 0, PAGE_BITS], at + 36);
  view.setBigUint64(at + 64, BigInt(text.fileOffset));
  view.setBigUint64(at + 72, BigInt(text.fileSize));
  // The one flag of the executable segment: this is a main program, not a library.
  view.setBigUint64(at + 80, 1n);
  signed.set(new TextEncoder().encode(identifier), at + FIXED);
  for (let page = 0; page < pages; page++) {
    const end = Math.min((page + 1) << PAGE_BITS, signatureOffset);
    signed.set(sha256(signed.subarray(page << PAGE_BITS, end)), at + hashesAt + page * HASH_BYTES);
  }
  return signed;
}

function layout(file: Uint8Array): Layout {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  if (file.byteLength < 32 || view.getUint32(0, true) !== MH_MAGIC_64)
    throw new Error("not a 64-bit Mach-O file");
  let text: Layout["text"] | undefined;
  let linkeditAt: number | undefined;
  let signatureAt: number | undefined;
  let at = 32;
  for (let command = view.getUint32(16, true); command > 0; command--) {
    const kind = view.getUint32(at, true);
    if (kind === LC_CODE_SIGNATURE) signatureAt = at;
    if (kind === LC_SEGMENT_64) {
      const name = new TextDecoder().decode(file.subarray(at + 8, at + 24)).replace(/\0+$/, "");
      if (name === "__LINKEDIT") linkeditAt = at;
      if (name === "__TEXT") {
        text = {
          fileOffset: Number(view.getBigUint64(at + 40, true)),
          fileSize: Number(view.getBigUint64(at + 48, true)),
        };
      }
    }
    at += view.getUint32(at + 4, true);
  }
  if (text === undefined || linkeditAt === undefined || signatureAt === undefined) {
    throw new Error("the Mach-O file has no text, no link-edit segment or no place for a signature");
  }
  return {
    text,
    linkeditAt,
    signatureAt,
    signatureOffset: view.getUint32(signatureAt + 8, true),
    signatureSize: view.getUint32(signatureAt + 12, true),
  };
}

function sha256(bytes: Uint8Array): Buffer {
  return new Bun.CryptoHasher("sha256").update(bytes).digest();
}
