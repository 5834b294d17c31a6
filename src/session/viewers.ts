// Who is attached to one live session, and whose terminal decides its size: the one used last.

import type { QueryFilter } from "../vt/filter.ts";
import type { KnownViewer } from "./handover.ts";
import type { ScreenImage } from "./ports/screen.ts";
import type { Size } from "./session.ts";
import { type Place, Typists } from "./typists.ts";

/** The screen at one moment, and the filter a viewer's live stream goes through from there on. */
export interface Snapshot {
  readonly image: ScreenImage;
  readonly filter: QueryFilter;
}

/** One client's hold on a live session, until `leave`. */
export interface Attachment {
  /** Types, and makes this the terminal that decides the size. Ignored from an observer, and from a client that is connected anew. */
  type(bytes: Uint8Array): void;
  /** What of the messages of a client that counts them was taken. */
  readonly place?: Place | undefined;
  /** This client's terminal has this size now; the size that the session has already asks the program to draw anew. */
  resize(size: Size): void;
  leave(): void;
}

/** What the viewers of a session can do to it. */
interface Viewed {
  readonly size: Size;
  input(bytes: Uint8Array): void;
  /** A new size; the size it has already makes the program draw anew. */
  resize(cols: number, rows: number): void;
  readonly holdsTerminal: boolean;
}

interface Vote {
  size: Size | undefined;
  usedAt: number;
  /** Its terminal has said that nobody looks at it (xterm's FocusOut), where its program asked to be told. */
  away: boolean;
}

/** The attached clients of one live session. Observers are not among them: they never type and never vote. */
export class Viewers {
  /** Those who count what they type. */
  readonly typists = new Typists();
  readonly #votes = new Set<Vote>();
  #uses = 0;
  /** Who was attached to the daemon before this one, and may come again. */
  #expected: KnownViewer[] = [];
  #frozen = false;

  constructor(private readonly session: Viewed) {}

  /** Everybody who is attached has said that nobody looks. */
  get away(): boolean {
    return this.#votes.size > 0 && Array.from(this.#votes).every(({ away }) => away);
  }

  /** All who have a size, for `expect`. */
  known(): KnownViewer[] {
    return Array.from(this.#votes).flatMap(({ size, usedAt }) => (size ? [{ ...size, usedAt }] : []));
  }

  /** Whoever leaves from now on, or until it is taken back, changes no size: all are sent away, and come again. */
  freeze(frozen: boolean): void {
    this.#frozen = frozen;
  }

  /** A client that comes with one of these sizes is the one that had it: it counts as it did, and the session keeps its size. */
  expect(viewers: readonly KnownViewer[]): void {
    this.#expected = [...viewers];
    this.#uses = Math.max(0, ...viewers.map(({ usedAt }) => usedAt));
  }

  /** Nobody is waited for any longer. */
  expectNobody(): void {
    this.#expected = [];
  }

  /** A client comes, with its terminal's size where it has one, and its name where it counts its messages. A session that has this size already notices nothing. */
  join(size?: Size, client?: string): Attachment {
    const place = client === undefined ? undefined : this.typists.join(client);
    const vote: Vote = { size: size && isSize(size) ? size : undefined, usedAt: 0, away: false };
    this.#votes.add(vote);
    const before = this.#cameAgain(vote.size);
    if (before) {
      vote.usedAt = before.usedAt;
    } else {
      this.#used(vote);
      this.#follow(vote);
    }
    return {
      place,
      type: (bytes) => {
        if (place && !place.take()) return;
        this.#used(vote);
        vote.away = isFocusOut(bytes);
        this.#follow(vote);
        this.session.input(bytes);
      },
      resize: (to) => {
        this.#used(vote);
        if (!isSize(to)) return;
        vote.size = to;
        if (this.session.holdsTerminal) this.session.resize(to.cols, to.rows);
      },
      leave: () => {
        this.#votes.delete(vote);
        if (!this.#frozen) this.#follow(this.#mostRecent());
      },
    };
  }

  #cameAgain(size: Size | undefined): KnownViewer | undefined {
    const at = size ? this.#expected.findIndex((one) => sameSize(one, size)) : -1;
    return at === -1 ? undefined : this.#expected.splice(at, 1)[0];
  }

  #used(vote: Vote): void {
    this.#uses += 1;
    vote.usedAt = this.#uses;
  }

  #follow(vote: Vote | undefined): void {
    const { size, holdsTerminal } = this.session;
    if (!vote?.size || !holdsTerminal || sameSize(vote.size, size)) return;
    this.session.resize(vote.size.cols, vote.size.rows);
  }

  #mostRecent(): Vote | undefined {
    let latest: Vote | undefined;
    for (const vote of this.#votes) {
      if (vote.size && (!latest || vote.usedAt > latest.usedAt)) latest = vote;
    }
    return latest;
  }
}

/** What an observer holds: nothing it does reaches the session. */
export const OBSERVER: Attachment = { type: () => {}, resize: () => {}, leave: () => {} };

function isFocusOut(bytes: Uint8Array): boolean {
  return bytes.length === 3 && bytes[0] === 0x1b && bytes[1] === 0x5b && bytes[2] === 0x4f;
}

/** A window that is closing or hidden may say 0. */
function isSize({ cols, rows }: Size): boolean {
  return cols > 0 && rows > 0;
}

/** True when both sides are the same. */
export function sameSize(one: Size, other: Size): boolean {
  return one.cols === other.cols && one.rows === other.rows;
}
