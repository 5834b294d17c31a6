// The stream that @clack/prompts read keys from: our stdin, with what is pasted kept apart from what is typed.
import { Readable } from "node:stream";
import { libc } from "../../os/libc.ts";
import { editedText } from "./editor.ts";
import { BREAK, type Pastes } from "./multi-line.ts";
import { PASTE_MODE, pasteReader } from "./pastes.ts";

/**
 * What a prompt takes: `text` of several lines; a `line`, in which a paste is text without line ends; only keys, for a
 * `choice`; and for a `question` only one key at a time, so that no rest of a paste answers it.
 */
export type Takes = "text" | "line" | "choice" | "question";

/** What editing a text needs to know. */
export interface Editing {
  readonly pastes: Pastes;
  /** What stands in the prompt. */
  line(): string;
  /** Lines of before, the newest first. */
  readonly history: readonly string[];
  /** Ctrl-O: shows more, or less again. */
  more?(): void;
}

const KEY = {
  up: /^\u001b[[O]A$/,
  down: /^\u001b[[O]B$/,
  altEnter: /^\u001b[\r\n]$/,
  ctrlG: "\u0007",
  ctrlO: "\u000f",
};
/** To the end of the line, and all before it away. */
const CLEAR_LINE = "\u0005\u0015";
const BACKSPACE = "\u007f";
/** One key: a character, or an escape sequence. */
const ONE_KEY = /^(?:\u001b(?:\[[0-?]*[ -/]*[@-~]|O.)?|[^\u001b])$/su;
const TCIFLUSH = process.platform === "darwin" ? 1 : 0;

/** A stream for the `input` of a prompt. Close it when the prompt is over. */
export class PromptInput extends Readable {
  readonly isTTY = true;
  readonly #takes: Takes;
  readonly #editing: Editing | undefined;
  readonly #reader;
  readonly #take = (bytes: Uint8Array) => this.#reader.take(bytes);
  /** The line of the history that is shown; -1 is what was typed. */
  #at = -1;
  #typed = "";
  #busy = false;

  constructor(takes: Takes, editing?: Editing) {
    super();
    this.#takes = takes;
    this.#editing = editing;
    this.#reader = pasteReader({ keys: (text) => this.#keys(text), paste: (text) => this.#paste(text) });
  }

  /** Called by the prompt when it begins, once it listens, and when it ends. */
  setRawMode(on: boolean): this {
    const { stdin, stdout } = process;
    // Both node:readline and the prompt ask for it.
    stdin.off("data", this.#take);
    if (on) {
      stdin.setRawMode(false);
      stdin.setRawMode(true);
      stdout.write(PASTE_MODE.on);
      if (this.#takes === "question") forgetTyped();
      stdin.on("data", this.#take);
      stdin.resume();
    } else {
      this.#reader.stop();
      stdout.write(PASTE_MODE.off);
      stdin.setRawMode(false);
      stdin.pause();
    }
    return this;
  }

  override _read(): void {}

  #keys(text: string): void {
    if (this.#busy) return;
    if (this.#takes === "question" && !ONE_KEY.test(text)) return;
    if (this.#editing && this.#edits(this.#editing, text)) return;
    this.#press(text);
  }

  #press(keys: string): void {
    this.emit("data", Buffer.from(keys));
  }

  /** All of a text as one key, which no prompt takes for anything else. */
  #insert(text: string): void {
    if (text !== "") this.emit("keypress", text, { sequence: text, ctrl: false, meta: false, shift: false });
  }

  #paste(text: string): void {
    if (this.#busy || this.#takes === "choice" || this.#takes === "question") return;
    if (this.#editing) this.#insert(this.#editing.pastes.inLine(text));
    else this.#insert(text.replace(/[\u0000-\u001f\u007f-\u009f]+/g, " ").trim());
  }

  /** True for a key that edits, and is not the prompt's. */
  #edits(editing: Editing, text: string): boolean {
    const line = editing.line();
    if (KEY.altEnter.test(text)) {
      this.#insert(BREAK);
      return true;
    }
    if (text === "\r" && line.endsWith("\\")) {
      this.#press(BACKSPACE);
      this.#insert(BREAK);
      return true;
    }
    if (text === KEY.ctrlO) {
      editing.more?.();
      return true;
    }
    if (text === KEY.ctrlG) {
      void this.#edit(editing, line);
      return true;
    }
    const isBrowsing = this.#at >= 0;
    if (KEY.up.test(text) && (isBrowsing || !line.startsWith("/"))) {
      const older = editing.history[this.#at + 1];
      if (older === undefined) return isBrowsing;
      if (!isBrowsing) this.#typed = line;
      this.#at += 1;
      this.#replace(editing.pastes.inLine(older));
      return true;
    }
    if (KEY.down.test(text) && isBrowsing) {
      this.#at -= 1;
      const newer = editing.history[this.#at];
      this.#replace(newer === undefined ? this.#typed : editing.pastes.inLine(newer));
      return true;
    }
    if (!KEY.up.test(text) && !KEY.down.test(text)) this.#at = -1;
    return false;
  }

  #replace(line: string): void {
    this.#press(CLEAR_LINE);
    this.#insert(line);
  }

  async #edit(editing: Editing, line: string): Promise<void> {
    this.#busy = true;
    this.setRawMode(false);
    const edited = await editedText(editing.pastes.meant(line));
    this.setRawMode(true);
    this.#busy = false;
    process.stdout.write("\u001b[?25l");
    if (edited !== undefined) this.#replace(editing.pastes.inLine(edited));
  }
}

/** What was typed before a question is drawn, which the prompt does next, is no answer to it. */
function forgetTyped(): void {
  while (process.stdin.read() !== null);
  libc("tcflush")?.tcflush(0, TCIFLUSH);
}
