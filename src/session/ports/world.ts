// Time, chance and the log, as the domain asks for them. daemon/ implements them.

/** Time and chance, injected so that tests can fix them. */
export interface World {
  /** RFC 3339 UTC with milliseconds. */
  now(): string;
  /** UUID v4. */
  newId(): string;
  /** Milliseconds on a clock that never goes back and stands for nothing. */
  monotonic(): number;
  /** Runs it after what has already arrived in this turn of the loop. */
  soon(run: () => void): void;
  /** Runs it once after so many milliseconds, unless the returned function is called before. */
  after(ms: number, run: () => void): () => void;
}

/** Evidence. Fields never hold output, input or environment values. */
export interface Log {
  info(event: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(event: string, fields?: Readonly<Record<string, unknown>>): void;
  error(event: string, fields?: Readonly<Record<string, unknown>>): void;
}
