// Owns how much of what a program prints is remembered beyond the screen itself; whatever it prints, no more than this.

/** The longest control sequence, in bytes, that is taken seriously; a longer one is dropped whole by everybody. */
export const SEQUENCE_LIMIT = 4096;

/** The most bytes of a string's payload that are looked at, or held back undecided; a longer question is dropped. */
export const STRING_LIMIT = 16 * 1024;

/** The most bytes of one open string kept for viewers who come in its middle; of a longer one they miss the rest. */
export const OPEN_LIMIT = 256 * 1024;

/** The longest title, in characters. */
export const TITLE_LIMIT = 1024;

/** The most titles, and kitty keyboard entries, on a stack; the oldest goes first. */
export const STACK_LIMIT = 16;

/** The most private modes, resources or colours remembered that the emulator itself does not know. */
export const MODES_LIMIT = 300;

/** The most code points in one cell; a further combining mark begins a cell of its own. */
export const CLUSTER_LIMIT = 32;

/** The most hyperlinks alive in one terminal, and the longest one in bytes; text beyond is shown without its link. */
export const LINKS_LIMIT = 2000;
export const LINK_LENGTH = 2083;
