// What became of a notification, as `GET /notify` says it.

/** One way by which a person is told. */
export interface NotifyWay {
  /** `settings`: they could not be read. */
  readonly way: "command" | "desktop" | "settings";
  readonly ok: boolean;
  /** Why not. */
  readonly problem: string | null;
}

export interface NotifyReport {
  readonly at: string;
  readonly event: "waiting" | "done" | "ended" | "approval" | "test";
  readonly sessionId: string | null;
  /** Empty where nothing is set. */
  readonly ways: readonly NotifyWay[];
}

/** Telling the person, as a client can ask for it. */
export interface Notifications {
  /** Tells the person that it works; returns at once. */
  test(): void;
  /** What became of the last one that was told; null before the first. */
  last(): NotifyReport | null;
}
