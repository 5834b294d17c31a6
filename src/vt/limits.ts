// How much of a terminal stream is held, looked at or remembered; whatever a program prints, no more than this.

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
