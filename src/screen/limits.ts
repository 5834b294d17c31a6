// How much one emulator remembers of what a program prints, beyond its cells.

/** The most code points in one cell; a further combining mark begins a cell of its own. */
export const CLUSTER_LIMIT = 32;

/** The most hyperlinks alive in one terminal, and the longest one in bytes; text beyond is shown without its link. */
export const LINKS_LIMIT = 2000;
export const LINK_LENGTH = 2083;
