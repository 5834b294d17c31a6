// Owns random terminal streams from a seed: what programs print, and what no program should.

/** A small generator (mulberry32) so that a failure can be had again. */
export function random(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

export const WORDS = [
  "the quick brown fox ",
  "x",
  "日本語テキスト",
  "👩‍👩‍👧",
  "🇩🇪🇫🇷",
  "🇩",
  "e\u0301a\u0308",
  "❤️",
  "שלום עולם",
  "مرحبا",
  "─│┌┐└┘",
  "한국어",
  "각",
  "😀",
  "\u200d",
  "\u0301",
  "كَ",
  "नमस्ते",
  "abcdefghijklmnopqrstuvwxyz0123456789".repeat(3),
];

/** Questions every terminal answers; each is taken out of what a viewer sees. */
export const QUERIES = [
  "\x1b[c",
  "\x1b[0c",
  "\x1b[>c",
  "\x1b[>0c",
  "\x1b[=c",
  "\x1b[5n",
  "\x1b[6n",
  "\x1b[?6n",
  "\x1b[?996n",
  "\x1b[?2026$p",
  "\x1b[4$p",
  "\x1b[>q",
  "\x1b[>0q",
  "\x1b[?u",
  "\x1b[14t",
  "\x1b[16t",
  "\x1b[18t",
  "\x1bP$qm\x1b\\",
  "\x1bP$q q\x1b\\",
  "\x1bP+q544e;436f\x1b\\",
  "\x1b]10;?\x07",
  "\x1b]11;?\x1b\\",
  "\x1b]12;?\u009c",
  "\x1b]4;1;?\x07",
  "\x1b]7501;?\x1b\\",
  "\x1b]52;c;?\x07",
  "\x1b_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\",
  "\x1bZ",
  "\u009b6n",
];

const COLOURS = [
  "31",
  "1;32",
  "4:3",
  "58:2::1:2:3",
  "58:5:9",
  "7",
  "48;5;99",
  "38;2;1;2;3",
  "44",
  "0",
  "",
  "3;9;53",
  "21",
  "24",
  "49",
  "59",
  "103",
];
const MODES = [
  "?1",
  "?25",
  "?45",
  "?66",
  "?1000",
  "?1002",
  "?1003",
  "?1004",
  "?1006",
  "?1016",
  "?2004",
  "?2026",
  "?6",
  "?12",
  "4",
  "20",
];

/** What a stream is made of, one piece at a time. */
export function piece(pick: (below: number) => number): string {
  const n = (below: number): number => pick(below);
  const of = (list: readonly string[]): string => list[n(list.length)] ?? "";
  switch (n(30)) {
    case 0:
    case 1:
    case 2:
    case 3:
    case 4:
    case 5:
    case 6:
      return of(WORDS);
    case 7:
    case 8:
      return "\r\n";
    case 9:
    case 10:
    case 11:
      return `\x1b[${of(COLOURS)}m`;
    case 12:
    case 13:
      return `\x1b[${1 + n(14)};${1 + n(45)}H`;
    case 14:
      return `\x1b[${n(3)}${of(["K", "J", "X", "P", "@", "L", "M", "S", "T"])}`;
    case 15:
      return `\x1b[${n(6)}${of(["A", "B", "C", "D", "E", "F", "G", "d", "I", "Z"])}`;
    case 16:
      return `\x1b[${of(MODES).replace("?", "?")}${of(["h", "l"])}`;
    case 17:
      return of(["\x1b7", "\x1b8", "\x1bM", "\x1bD", "\x1bE", "\x1b=", "\x1b>", "\x1bH", "\x1b[g"]);
    case 18:
      return of(["\x1b[3;9r", "\x1b[r", "\x1b[2;5r"]);
    case 19:
      return n(4) === 0 ? of(["\x1b[?1049h", "\x1b[?1049l", "\x1b[?1047h", "\x1b[?1047l"]) : "\t";
    case 20:
      return of(["\x1b(0", "\x1b(B", "\x0e", "\x0f", "\x1b)0"]);
    case 21:
      return of([
        "\x1b]8;id=3;https://a.example/ü\x1b\\",
        "\x1b]8;id=7;https://b.example\x07",
        "\x1b]8;;\x1b\\",
      ]);
    case 22:
      return of([
        "\x1b]0;a title ✳\x07",
        "\x1b]2;b\x1b\\",
        "\x1b]4;1;#ff0000\x07",
        "\x1b]7501;state=working:app=x\x1b\\",
      ]);
    case 23:
      return of(["\x1b[>1u", "\x1b[<u", "\x1b[=3;1u", "\x1b[2 q", "\x1b[>4;2m", "\x1b[3b", "\b", "\r"]);
    case 24:
      return of([
        "\x1bPq#0;2;0;0;0#0~~@@vv\x1b\\",
        "\x1b_Ga=T,f=24;AAAA\x1b\\",
        "\x1b^private\x1b\\",
        "\x1bXstart\x1b\\",
      ]);
    case 25:
      return n(12) === 0 ? of(["\x1bc", "\x1b[!p", "\x1b#8"]) : "word ";
    case 26:
      return of(['\x1b[1"q', '\x1b[0"q', "\x1b[?1K", "\x1b[1J", "\x1b[1K"]);
    default:
      return of(QUERIES);
  }
}

/** Bytes without sense: controls, halves of sequences, broken UTF-8. */
export function noise(pick: (below: number) => number): Uint8Array {
  const favourites = [
    0x1b, 0x5b, 0x5d, 0x50, 0x3b, 0x3f, 0x5c, 0x07, 0x18, 0xc2, 0x9b, 0x9c, 0xf0, 0x9f, 0x31, 0x6e, 0x63,
  ];
  return Uint8Array.from({ length: 1 + pick(12) }, () =>
    pick(3) === 0 ? pick(256) : (favourites[pick(favourites.length)] ?? 0),
  );
}
