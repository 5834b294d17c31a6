// What a live session wants from a person, and what proves it: only what its program has said, never the clock.
import type { Sign, SignSource } from "../vt/status.ts";

export const ATTENTION_STATES = ["working", "waiting", "done", "unknown"] as const;
export type AttentionState = (typeof ATTENTION_STATES)[number];

/** What it waits for: leave to do something, an answer, or the next task. */
export const ATTENTION_KINDS = ["permission", "question", "idle"] as const;
export type AttentionKind = (typeof ATTENTION_KINDS)[number];

/** Who has said so; `launch`: nobody yet; `input`: somebody has typed since it waited, so that it may be over. */
export const ATTENTION_SOURCES = [
  "osc7501",
  "osc9",
  "osc777",
  "osc99",
  "osc133",
  "bell",
  "title",
  "launch",
  "input",
] as const;
export type AttentionSource = (typeof ATTENTION_SOURCES)[number];

/** As a record has it. */
export interface Attention {
  readonly state: AttentionState;
  readonly kind: AttentionKind | null;
  /** The program's own words, without control characters. */
  readonly message: string | null;
  readonly source: AttentionSource;
  /** Of the event that says so. A prompt is named by it: the next one has another. */
  readonly seq: number;
  /** RFC 3339 UTC, milliseconds. */
  readonly at: string;
}

/** What is said, without where it stands in the ledger. */
export type Saying = Omit<Attention, "seq" | "at">;

/** How a harness's titles are read: the first that fits counts. */
export interface TitleRule {
  /** A regular expression, with `u`. */
  readonly match: string;
  readonly state: AttentionState;
  readonly kind?: AttentionKind;
}

/** What is known of how a harness asks, and how it is answered. */
export interface HarnessAttention {
  readonly titles: readonly TitleRule[];
  /** The keys that answer its question for leave, by their names (`vt/keys`) or as characters. */
  readonly answers?: Readonly<Record<Answer, readonly string[]>>;
}

/** What a question for leave can be answered with. */
export type Answer = "approve" | "deny";

/** Parts of a program that report for themselves; more than these are not kept apart. */
const MOST_PARTS = 64;

const NOTHING_SAID = { state: "unknown", kind: null, message: null } as const;

/** What one program wants, as it says it. */
export class AttentionReader {
  #now: Saying = { ...NOTHING_SAID, source: "launch" };
  /** By id: what each part of the program has reported last, the oldest first. */
  readonly #parts = new Map<string, Saying>();
  readonly #rules: readonly { readonly match: RegExp; readonly saying: Saying }[];
  #title = "";
  #changed = false;

  constructor(rules: readonly TitleRule[] = []) {
    this.#rules = rules.map(({ match, state, kind = null }) => ({
      match: new RegExp(match, "u"),
      saying: { state, kind, message: null, source: "title" },
    }));
  }

  get now(): Saying {
    return this.#now;
  }

  /** It said something. */
  take(sign: Sign): void {
    const saying = this.#read(sign);
    if (!saying || same(saying, this.#now)) return;
    this.#now = saying;
    this.#changed = true;
  }

  /** Somebody has typed. What it waited for may have been answered; nobody knows before it says something. */
  typed(bytes: Uint8Array): void {
    if (this.#now.state !== "waiting" || isReport(bytes)) return;
    this.#parts.clear();
    this.#now = { ...NOTHING_SAID, source: "input" };
    this.#changed = true;
  }

  /** Whether it is another state, or another prompt, than at the last call. */
  changed(): boolean {
    const changed = this.#changed;
    this.#changed = false;
    return changed;
  }

  /** As it was in the daemon before this one. */
  restore({ state, kind, message, source }: Saying): void {
    this.#now = { state, kind, message, source };
    this.#changed = false;
  }

  #read(sign: Sign): Saying | undefined {
    switch (sign.source) {
      case "osc7501":
        return this.#report(sign);
      case "osc133":
        if (sign.mark === "command") return said("osc133", "working");
        return sign.mark === "end" ? said("osc133", "done") : said("osc133", "waiting", "idle");
      case "title":
        return this.#ofTitle(sign.title);
      case "bell":
        return this.#look("bell", null);
      default:
        if ("message" in sign) return this.#look(sign.source, sign.message);
        return sign.progress ? said("osc9", "working") : undefined;
    }
  }

  /** A bell or a notification says "look here". Where the program has said exactly what there is to see, it says nothing new. */
  #look(source: SignSource, message: string | null): Saying | undefined {
    const { state, source: by } = this.#now;
    const exact = by === "osc7501" || by === "title";
    return exact && (state === "waiting" || state === "done")
      ? undefined
      : said(source, "waiting", null, message);
  }

  #ofTitle(title: string): Saying | undefined {
    if (title === this.#title) return undefined;
    this.#title = title;
    const saying = this.#rules.find(({ match }) => match.test(title))?.saying;
    // Of the same state it is no other prompt: spinners turn in titles.
    return saying?.state === this.#now.state && saying.kind === this.#now.kind ? undefined : saying;
  }

  /** A report replaces what its part said; one that is blocked counts before those that work, and these before the rest. */
  #report(sign: Extract<Sign, { source: "osc7501" }>): Saying | undefined {
    const { word, id, kind, message } = sign;
    if (word === "clear") {
      for (const part of this.#parts.keys())
        if (id === "" || part === id || part.startsWith(`${id}/`)) this.#parts.delete(part);
    } else {
      const saying = meaning(word, kind, message);
      if (!saying) return undefined;
      this.#parts.delete(id);
      this.#parts.set(id, saying);
      for (const oldest of this.#parts.keys()) {
        if (this.#parts.size <= MOST_PARTS) break;
        this.#parts.delete(oldest);
      }
    }
    const all = Array.from(this.#parts.values()).reverse();
    return (
      all.find(({ state, kind: by }) => state === "waiting" && by !== "idle") ??
      all.find(({ state }) => state === "working") ??
      all[0] ??
      said("osc7501", "unknown")
    );
  }
}

/** What the words of the protocol mean; undefined for one that is none of it. */
function meaning(word: string, kind: string | null, message: string | null): Saying | undefined {
  switch (word) {
    case "working":
      return said("osc7501", "working", null, message);
    case "blocked":
      return said(
        "osc7501",
        "waiting",
        kind === null ? null : kind === "permission" ? kind : "question",
        message,
      );
    case "idle":
      return said("osc7501", "waiting", "idle", message);
    case "done":
    case "error":
      return said("osc7501", "done", null, message);
    default:
      return undefined;
  }
}

function said(
  source: SignSource,
  state: AttentionState,
  kind: AttentionKind | null = null,
  message: string | null = null,
): Saying {
  return { state, kind, message, source };
}

function same(one: Saying, other: Saying): boolean {
  return (
    one.state === other.state &&
    one.kind === other.kind &&
    one.message === other.message &&
    one.source === other.source
  );
}

/** What a terminal sends by itself: that it has the focus or not, where the mouse is. */
function isReport(bytes: Uint8Array): boolean {
  const text = Buffer.from(bytes).toString("latin1");
  return /^(?:\x1b\[[IO]|\x1b\[<\d+;\d+;\d+[Mm]|\x1b\[M[\s\S]{3})+$/.test(text);
}
