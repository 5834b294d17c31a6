// What the domain asks of the ledger of an earlier coven, to import it. store/ implements it.

/** A record of coven 0.4 as it stands in its table. */
export interface EarlierSession {
  /** Where it stands; grows in the order they were made. */
  readonly row: number;
  readonly id: string;
  readonly project_root: string;
  readonly harness: string;
  readonly title: string;
  readonly status: string;
  readonly exit_code: number | null;
  readonly archived_at: string | null;
  /** RFC 3339 with nanoseconds. */
  readonly created_at: string;
  readonly updated_at: string;
  readonly conversation_id: string | null;
  /** A JSON list. */
  readonly labels: string | null;
  readonly visibility: string | null;
  readonly familiar_id: string | null;
  readonly external: number | null;
  readonly transcript_path: string | null;
}

export interface EarlierEvent {
  readonly row: number;
  readonly kind: string;
  /** JSON. */
  readonly payload: string;
  readonly at: string;
}

/** What coven 0.4 has recorded. Reading throws where the file is damaged. */
export interface EarlierLedger {
  /** The session behind this row; 0 gives the first. */
  after(row: number): EarlierSession | undefined;
  /** Oldest first. */
  events(sessionId: string, row: number, limit: number): EarlierEvent[];
  /** What else it holds. */
  others(): { readonly name: string; readonly rows: number }[];
  close(): void;
}
