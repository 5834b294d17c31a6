// Made from docs/openapi.json: bun test/support/write-openapi.ts

/** Every code of an error. */
export type ErrorCode =
  | "not_found"
  | "invalid_request"
  | "session_not_found"
  | "session_not_live"
  | "session_running"
  | "stale_prompt"
  | "not_waiting"
  | "not_supported"
  | "view_cycle"
  | "session_id_conflict"
  | "name_taken"
  | "worktree_not_removed"
  | "checkout_in_use"
  | "external_session_not_killable"
  | "not_external_session"
  | "launch_failed"
  | "harness_not_found"
  | "not_enabled"
  | "send_input_failed"
  | "kill_failed"
  | "payload_too_large"
  | "forbidden"
  | "daemon_identity_mismatch"
  | "approval_not_found"
  | "approval_settled"
  | "runtime_unavailable"
  | "internal_error";

export type Accepted = {
  readonly ok: true;
  readonly accepted: true;
};

export type ActionRejection = {
  readonly ok: false;
  readonly accepted: false;
  readonly action: string;
  readonly status: "rejected";
  readonly reason: string;
};

export type Approval = {
  readonly id: string;
  readonly action: string;
  readonly origin: string | null;
  readonly intentId: string | null;
  readonly args: unknown;
  readonly status: "pending" | "approved" | "denied" | "expired" | "completed" | "failed";
  readonly requestedAt: string;
  readonly expiresAt: string;
  readonly decidedAt: string | null;
  readonly decidedBy: string | null;
  readonly reason: string | null;
  readonly result: Readonly<Record<string, unknown>> | null;
};

export type AttachFrame = {
  readonly type: "attached";
  readonly session: Session;
  readonly asOfSeq: number;
  readonly cols: number;
  readonly rows: number;
  readonly typed?: number | null;
} | {
  readonly type: "typed";
  readonly count: number;
} | {
  readonly type: "gap";
  readonly asOfSeq: number;
  readonly cols: number;
  readonly rows: number;
} | {
  readonly type: "screen";
  readonly picture: Picture;
} | {
  readonly type: "resized";
  readonly cols: number;
  readonly rows: number;
} | {
  readonly type: "storage";
  readonly state: "ok" | "full" | "read_only" | "failing" | "detached";
} | {
  readonly type: "restarting";
} | {
  readonly error: {
    readonly code: "not_found" | "invalid_request" | "session_not_found" | "session_not_live" | "session_running" | "stale_prompt" | "not_waiting" | "not_supported" | "view_cycle" | "session_id_conflict" | "name_taken" | "worktree_not_removed" | "checkout_in_use" | "external_session_not_killable" | "not_external_session" | "launch_failed" | "harness_not_found" | "not_enabled" | "send_input_failed" | "kill_failed" | "payload_too_large" | "forbidden" | "daemon_identity_mismatch" | "approval_not_found" | "approval_settled" | "runtime_unavailable" | "internal_error";
    readonly message: string;
    readonly details?: Readonly<Record<string, unknown>>;
  };
  readonly type: "error";
} | {
  readonly type: "exit";
  readonly status: "created" | "running" | "completed" | "failed" | "killed" | "orphaned";
  readonly exitCode: number | null;
  readonly signal?: string;
};

export type AttachMessage = {
  readonly type: "resize";
  readonly cols: number;
  readonly rows: number;
};

export type Attention = {
  readonly state: "working" | "waiting" | "done" | "unknown";
  /** What it waits for: leave, an answer, the next task. */
  readonly kind: "permission" | "question" | "idle" | null;
  /** The program's own words. */
  readonly message: string | null;
  readonly source: "osc7501" | "osc9" | "osc777" | "osc99" | "osc133" | "bell" | "title" | "launch" | "input";
  /** Of the event that proves it; it names the question. */
  readonly seq: number;
  readonly at: string;
};

export type Daemon = {
  readonly pid: number;
  readonly startedAt: string;
  readonly socket: string;
};

export type Event = {
  /** Rises over all sessions; never given twice. */
  readonly seq: number;
  readonly id: string;
  readonly session_id: string;
  readonly kind: "output" | "input" | "kill" | "exit" | "resize" | "metadata";
  /** A JSON document, as a string. */
  readonly payload_json: string;
  readonly created_at: string;
};

export type Picture = {
  readonly cols: number;
  readonly rows: number;
  readonly styles: readonly {
    readonly sgr: string;
    readonly background?: true;
    readonly protected?: true;
    readonly link?: {
      readonly uri: string;
      readonly id?: string;
    };
  }[];
  readonly primary: {
    readonly lines: readonly (readonly (readonly [string | number, number])[])[];
    readonly above: number;
    readonly wrapped: readonly number[];
    readonly margins: readonly [number, number] | null;
    readonly tabs: readonly number[] | null;
    readonly saved: {
      readonly x: number;
      readonly y: number;
      readonly style: number;
      readonly charset: string | null;
    };
    readonly keyboard: readonly number[];
  };
  readonly alternate: {
    readonly lines: readonly (readonly (readonly [string | number, number])[])[];
    readonly above: number;
    readonly wrapped: readonly number[];
    readonly margins: readonly [number, number] | null;
    readonly tabs: readonly number[] | null;
    readonly saved: {
      readonly x: number;
      readonly y: number;
      readonly style: number;
      readonly charset: string | null;
    };
    readonly keyboard: readonly number[];
    readonly mode: number;
  } | null;
  readonly cursor: {
    readonly x: number;
    readonly y: number;
    readonly shape: number;
    readonly last: {
      readonly x: number;
      readonly text: string;
      readonly style: number;
      readonly room: number;
      readonly joins: boolean;
    } | null;
  };
  readonly pen: {
    readonly style: number;
    readonly charsets: readonly (string | null)[];
    readonly shift: number;
  };
  readonly modes: {
    readonly private: readonly (readonly [number, boolean])[];
    readonly ansi: readonly number[];
  };
  readonly title: string;
  readonly titles: readonly string[];
  readonly colours: readonly (readonly [string, string])[];
  readonly modifiers: readonly (readonly [number, number])[];
};

export type Session = {
  readonly id: string;
  /** Canonical. */
  readonly project_root: string;
  readonly harness: string;
  /** As given, else the first line of the prompt. */
  readonly title: string;
  /** `completed`: exit 0. `failed`: another code, a signal that was not ours, or no start. `killed`: ended by kill. `orphaned`: its daemon died. */
  readonly status: "created" | "running" | "completed" | "failed" | "killed" | "orphaned";
  /** Null while it runs, and when a signal ended it. */
  readonly exit_code: number | null;
  /** Null unless it is archived. */
  readonly archived_at: string | null;
  readonly created_at: string;
  readonly updated_at: string;
  /** (+) Where the harness runs. */
  readonly cwd: string;
  readonly launch_mode: "interactive" | "nonInteractive" | "stream";
  /** (+) While it lives. */
  readonly pid: number | null;
  /** (+) The name of the signal that ended it. */
  readonly signal: string | null;
  /** (+) What the program of a live session says it is doing, in its own word. */
  readonly activity: string | null;
  /** (+) What a live session wants from a person. */
  readonly attention: Attention | null;
  readonly labels: readonly string[];
  /** (+) A note for other clients; it hides nothing. */
  readonly visibility: "private" | "workspace" | "shared";
  /** (+) Somebody else started it. */
  readonly external: boolean;
  readonly conversation_id: string | null;
  readonly familiar_id: string | null;
  /** (+) Of an external run; never opened. */
  readonly transcript_path: string | null;
  readonly model: string | null;
  readonly permission: "full" | "read-only" | null;
  readonly add_dirs: readonly string[];
  /** (+) Of its oldest output, removed because it kept too much. */
  readonly removed_bytes: number;
  /** (+) What was checked out in its project when it began. */
  readonly base_commit: string | null;
  /** (+) The git worktree that was made for it, which is its root. */
  readonly worktree: {
    readonly path: string;
    readonly branch: string;
    readonly base: string;
  } | null;
  /** (+) The session that it goes on with. */
  readonly continues: string | null;
  /** (+) The harness's own name for the conversation. */
  readonly agent_session_id: string | null;
  readonly group: string | null;
  /** (+) What a person calls it. */
  readonly name: string | null;
};

/** What each operation takes and gives. */
export interface Operations {
  /** The API versions that are served */
  apiVersion: {
    query: {};
    body: undefined;
    answer: {
      readonly apiVersion: string;
      readonly supportedApiVersions: readonly string[];
    };
  };
  /** Whether the daemon is well, who it is, and what it can do */
  health: {
    query: {};
    body: undefined;
    answer: {
      readonly ok: true;
      readonly apiVersion: string;
      readonly supportedApiVersions: readonly string[];
      readonly covenVersion: string;
      readonly capabilities: Readonly<Record<string, boolean | string>>;
      readonly daemon: Daemon | null;
      readonly storage?: {
        readonly state: "ok" | "full" | "read_only" | "failing" | "detached";
      };
    };
  };
  /** (+) This document */
  openapi: {
    query: {};
    body: undefined;
    answer: {
      readonly openapi: string;
    };
  };
  /** What there is to be asked for by action */
  capabilities: {
    query: {};
    body: undefined;
    answer: {
      readonly capabilities: readonly {
        readonly id: string;
        readonly label: string;
        readonly adapter: string;
        readonly status: "available" | "planned" | "disabled" | "missingSetup";
        readonly policy: "allow" | "requiresApproval";
        readonly actions: readonly string[];
      }[];
    };
  };
  /** (+) Every action, with the policy that applies to it */
  actionList: {
    query: {
      origin?: string;
    };
    body: undefined;
    answer: {
      readonly actions: readonly {
        readonly id: string;
        readonly capability: string;
        readonly adapter: string;
        readonly summary: string;
        /** For this origin. */
        readonly policy: "allow" | "requiresApproval" | "deny";
        readonly timeoutMs: number;
        /** JSON Schema. */
        readonly args: Readonly<Record<string, unknown>>;
      }[];
    };
  };
  /** Ask for an action */
  actions: {
    query: {};
    body: {
      readonly action: string;
      readonly origin?: string;
      readonly intentId?: string;
      readonly args?: unknown;
    };
    answer: {
      readonly ok: true;
      readonly accepted: true;
      readonly action: string;
      readonly status: "completed";
      readonly event: {
        readonly kind: string;
        readonly action: string;
        readonly origin?: string;
        readonly intentId?: string;
        readonly payload: Readonly<Record<string, unknown>>;
      };
    } | {
      readonly ok: true;
      readonly accepted: true;
      readonly action: string;
      /** A person has to agree; or it takes its time. */
      readonly status: "pending" | "running";
      readonly approval: {
        readonly id: string;
        readonly expiresAt: string;
      };
    };
  };
  /** (+) The adapters that programs of the user serve, and how they fare */
  adapters: {
    query: {};
    body: undefined;
    answer: {
      readonly adapters: readonly {
        readonly id: string;
        readonly label: string;
        readonly file: string;
        readonly state: "idle" | "starting" | "running" | "pausing" | "ending";
        readonly pid: number | null;
        readonly starts: number;
        readonly problem: string | null;
        readonly missing: string | null;
      }[];
      readonly problems: readonly {
        readonly file: string;
        readonly reason: string;
      }[];
    };
  };
  /** (+) Approvals, newest first */
  approvals: {
    query: {
      status?: "pending" | "approved" | "denied" | "expired" | "completed" | "failed";
      limit?: number;
    };
    body: undefined;
    answer: {
      readonly approvals: readonly Approval[];
      readonly hasMore: boolean;
    };
  };
  /** (+) An approval */
  approval: {
    query: {};
    body: undefined;
    answer: Approval;
  };
  /** (+) The steps of an approval, as a page or as a stream */
  approvalEvents: {
    query: {
      afterSeq?: number;
    };
    body: undefined;
    answer: {
      readonly events: readonly {
        readonly seq: number;
        readonly at: string;
        readonly kind: "requested" | "approved" | "denied" | "expired" | "completed" | "failed";
        readonly approvalId: string;
        readonly action: string;
        readonly origin: string | null;
        readonly intentId: string | null;
        readonly by: string | null;
        readonly reason: string | null;
        /** Of the approval, from when it was done or failed. */
        readonly result: Readonly<Record<string, unknown>> | null;
      }[];
    };
  };
  /** (+) Agree to an action that waits */
  approveAction: {
    query: {};
    body: {
      readonly reason?: string;
      /** As whoever decides names itself, where it shows no key. */
      readonly origin?: string;
    };
    answer: Approval;
  };
  /** (+) Refuse an action that waits */
  denyAction: {
    query: {};
    body: {
      readonly reason?: string;
      /** As whoever decides names itself, where it shows no key. */
      readonly origin?: string;
    };
    answer: Approval;
  };
  /** Sessions, newest first */
  sessions: {
    query: {
      limit?: number;
      /** next_cursor of the page before */
      cursor?: string;
      includeArchived?: boolean;
    };
    body: undefined;
    answer: readonly Session[] | {
      readonly sessions: readonly Session[];
      readonly next_cursor: string | null;
    };
  };
  /** Launch a harness in a project */
  launch: {
    query: {};
    body: {
      readonly projectRoot: string;
      readonly harness: string;
      readonly prompt: string;
      /** The prompt is blank then: an interactive harness is opened, and waits for what is typed. */
      readonly withoutPrompt?: true;
      readonly args?: readonly string[];
      readonly cwd?: string;
      readonly title?: string;
      readonly name?: string;
      readonly launchMode?: "interactive" | "nonInteractive" | "stream";
      readonly labels?: readonly string[];
      readonly visibility?: "private" | "workspace" | "shared";
      readonly env?: Readonly<Record<string, string>>;
      readonly inheritEnv?: boolean;
      readonly cols?: number;
      readonly rows?: number;
      readonly model?: string;
      readonly permission?: "full" | "read-only";
      readonly addDirs?: readonly string[];
      readonly conversation?: {
        readonly mode: "init" | "resume";
        readonly id: string;
      };
      readonly conversationId?: string;
      /** One of `GET /familiars`. */
      readonly familiarId?: string;
      readonly launchPolicy?: {
        readonly approval: "never";
        readonly sandbox: "workspace-write";
        readonly addDirs?: readonly string[];
      };
      readonly continues?: string;
      readonly exclusive?: boolean;
      readonly group?: string;
      readonly worktree?: {
        readonly path?: string;
        readonly branch: string;
        readonly base: string;
      };
      readonly callerFamiliarId?: string;
      readonly sessionPolicy?: never;
      readonly executionBinding?: never;
      readonly requestAdoption?: never;
    };
    answer: {
      readonly id: string;
      /** Canonical. */
      readonly project_root: string;
      readonly harness: string;
      /** As given, else the first line of the prompt. */
      readonly title: string;
      /** `completed`: exit 0. `failed`: another code, a signal that was not ours, or no start. `killed`: ended by kill. `orphaned`: its daemon died. */
      readonly status: "created" | "running" | "completed" | "failed" | "killed" | "orphaned";
      /** Null while it runs, and when a signal ended it. */
      readonly exit_code: number | null;
      /** Null unless it is archived. */
      readonly archived_at: string | null;
      readonly created_at: string;
      readonly updated_at: string;
      /** (+) Where the harness runs. */
      readonly cwd: string;
      readonly launch_mode: "interactive" | "nonInteractive" | "stream";
      /** (+) While it lives. */
      readonly pid: number | null;
      /** (+) The name of the signal that ended it. */
      readonly signal: string | null;
      /** (+) What the program of a live session says it is doing, in its own word. */
      readonly activity: string | null;
      /** (+) What a live session wants from a person. */
      readonly attention: Attention | null;
      readonly labels: readonly string[];
      /** (+) A note for other clients; it hides nothing. */
      readonly visibility: "private" | "workspace" | "shared";
      /** (+) Somebody else started it. */
      readonly external: boolean;
      readonly conversation_id: string | null;
      readonly familiar_id: string | null;
      /** (+) Of an external run; never opened. */
      readonly transcript_path: string | null;
      readonly model: string | null;
      readonly permission: "full" | "read-only" | null;
      readonly add_dirs: readonly string[];
      /** (+) Of its oldest output, removed because it kept too much. */
      readonly removed_bytes: number;
      /** (+) What was checked out in its project when it began. */
      readonly base_commit: string | null;
      /** (+) The git worktree that was made for it, which is its root. */
      readonly worktree: {
        readonly path: string;
        readonly branch: string;
        readonly base: string;
      } | null;
      /** (+) The session that it goes on with. */
      readonly continues: string | null;
      /** (+) The harness's own name for the conversation. */
      readonly agent_session_id: string | null;
      readonly group: string | null;
      /** (+) What a person calls it. */
      readonly name: string | null;
      readonly alongside?: readonly string[];
    };
  };
  /** The record of a session, archived or not */
  session: {
    query: {};
    body: undefined;
    answer: Session;
  };
  /** (+) Delete a session and all its events */
  sacrifice: {
    query: {};
    body: {
      /** Its git worktree stays where it is; without this word a session whose worktree is there is not deleted. */
      readonly worktree?: "keep";
    };
    answer: {
      readonly ok: true;
      readonly deletedEvents: number;
    };
  };
  /** (+) Give a session a name, or take it away */
  rename: {
    query: {};
    body: {
      readonly name?: string;
    };
    answer: Session;
  };
  /** (+) Take a session from the list, and keep it */
  archive: {
    query: {};
    body: Readonly<Record<string, unknown>>;
    answer: Session;
  };
  /** (+) Put an archived session back on the list */
  summon: {
    query: {};
    body: Readonly<Record<string, unknown>>;
    answer: Session;
  };
  /** (+) Put a run on the list that somebody else started */
  registerExternal: {
    query: {};
    body: {
      readonly id: string;
      readonly projectRoot: string;
      readonly harness: string;
      readonly title?: string;
      readonly labels?: readonly string[];
      readonly transcriptPath?: string;
    };
    answer: Session;
  };
  /** (+) Say that an external run has ended */
  completeExternal: {
    query: {};
    body: {
      readonly exitCode?: number;
    };
    answer: Session;
  };
  /** Type into a session */
  input: {
    query: {};
    body: {
      readonly data: string;
      readonly submit?: boolean;
      /** Typed only while the session waits with this `attention.seq`. */
      readonly ifAttentionSeq?: number;
    };
    answer: {
      readonly ok: true;
      readonly accepted: true;
      readonly seq: number;
    };
  };
  /** (+) Type the keys that approve what the session asks leave for */
  approve: {
    query: {};
    body: {
      /** Only the question with this `attention.seq`. */
      readonly ifAttentionSeq?: number;
      /** Kept in the session's events. */
      readonly reason?: string;
    };
    answer: {
      readonly ok: true;
      readonly accepted: true;
      readonly seq: number;
    };
  };
  /** (+) Type the keys that deny what the session asks leave for */
  deny: {
    query: {};
    body: {
      /** Only the question with this `attention.seq`. */
      readonly ifAttentionSeq?: number;
      /** Kept in the session's events. */
      readonly reason?: string;
    };
    answer: {
      readonly ok: true;
      readonly accepted: true;
      readonly seq: number;
    };
  };
  /** (+) Set the size of a session's terminal */
  resize: {
    query: {};
    body: {
      readonly cols: number;
      readonly rows: number;
    };
    answer: Accepted;
  };
  /** End a session's whole process tree */
  kill: {
    query: {};
    body: Readonly<Record<string, unknown>>;
    answer: Accepted;
  };
  /** (+) What the terminal shows, or showed last */
  screen: {
    query: {
      /** The same as data as well. */
      picture?: boolean;
    };
    body: undefined;
    answer: {
      readonly asOfSeq: number;
      readonly cols: number;
      readonly rows: number;
      readonly cursor: {
        readonly x: number;
        readonly y: number;
      };
      readonly title: string;
      readonly alternate: boolean;
      readonly lines: readonly string[];
      /** What, written to a fresh terminal of this size, shows scrollback, screen and modes. */
      readonly ansi: string;
      readonly picture?: Picture;
    };
  };
  /** (+) The exact bytes that a session printed */
  output: {
    query: {
      afterSeq?: number;
      /** Stays until the session ends. */
      follow?: boolean;
      rows?: boolean;
      /** The session in whose terminal the client shows this; refused where that would go round. */
      within?: string;
    };
    body: undefined;
    answer: string;
  };
  /** (+) A terminal of one's own on a session, as a WebSocket */
  attach: {
    query: {
      /** An observer never types and never decides the size. */
      mode?: "interactive" | "observe";
      cols?: number;
      rows?: number;
      /** The screen comes as a text frame `screen` with its picture, not as bytes. */
      picture?: boolean;
      /** The client's own name: what it types is counted, and it is told how much was taken, also by the next daemon. */
      client?: string;
      /** The session in whose terminal the client shows this; refused where that would go round. */
      within?: string;
    };
    body: undefined;
    answer: string;
  };
  /** The events of a session, as a page or as a stream */
  events: {
    query: {
      sessionId: string;
      afterSeq?: number;
      /** Counts where there is no afterSeq. */
      afterEventId?: string;
      beforeSeq?: number;
      /** Clamped to 1..1000, the default. */
      limit?: number;
      /** The session in whose terminal the client shows this; refused where that would go round. */
      within?: string;
    };
    body: undefined;
    answer: {
      readonly events: readonly Event[];
      readonly nextCursor: {
        readonly afterSeq: number;
      } | null;
      readonly hasMore: boolean;
      readonly prevCursor?: {
        readonly beforeSeq: number;
      } | null;
    };
  };
  /** The events of a session, as a page or as a stream, by its own path */
  sessionEvents: {
    query: {
      afterSeq?: number;
      /** Counts where there is no afterSeq. */
      afterEventId?: string;
      beforeSeq?: number;
      /** Clamped to 1..1000, the default. */
      limit?: number;
      /** The session in whose terminal the client shows this; refused where that would go round. */
      within?: string;
    };
    body: undefined;
    answer: {
      readonly events: readonly Event[];
      readonly nextCursor: {
        readonly afterSeq: number;
      } | null;
      readonly hasMore: boolean;
      readonly prevCursor?: {
        readonly beforeSeq: number;
      } | null;
    };
  };
  /** (+) What a session wants from a person, and what it wanted before */
  attention: {
    query: {};
    body: undefined;
    answer: {
      readonly attention: Attention | null;
      /** What it was before, the newest first; as far back as the feed goes. */
      readonly history: readonly Attention[];
    };
  };
  /** (+) What happens to all sessions, as a stream */
  feed: {
    query: {
      /** As `Last-Event-ID`, which beats it. */
      cursor?: string;
    };
    body: undefined;
    answer: string;
  };
  /** (+) Tell the user something, as for a session */
  notifyTest: {
    query: {};
    body: Readonly<Record<string, unknown>>;
    answer: Accepted;
  };
  /** (+) What became of the last thing the user was told */
  notified: {
    query: {};
    body: undefined;
    answer: {
      readonly last: {
        readonly at: string;
        readonly event: "waiting" | "done" | "ended" | "approval" | "test";
        readonly sessionId: string | null;
        readonly ways: readonly {
          readonly way: "command" | "desktop" | "settings";
          readonly ok: boolean;
          readonly problem: string | null;
        }[];
      } | null;
    };
  };
  /** (+) Whom this daemon may launch */
  harnesses: {
    query: {};
    body: undefined;
    answer: readonly {
      readonly id: string;
      readonly label: string;
      readonly executable: string;
      readonly available: boolean;
      readonly path: string | null;
      readonly hint: string;
      readonly source: "built-in" | "manifest";
      readonly enabled: boolean;
      readonly maturity: "launched here" | "argv tested" | "researched" | null;
      readonly version: string | null;
      readonly stream: boolean;
    }[];
  };
  /** (+) The newest events of a session in words */
  log: {
    query: {};
    body: undefined;
    answer: readonly {
      readonly ts: string;
      readonly level: "info" | "error";
      readonly message: string;
    }[];
  };
  /** (+) Who stands in familiars.toml */
  familiars: {
    query: {};
    body: undefined;
    answer: readonly {
      readonly id: string;
      readonly name: string;
      readonly display_name: string;
      readonly emoji: string;
      readonly icon?: string;
      readonly role: string;
      readonly description: string;
      readonly pronouns?: string;
      readonly status: "offline";
      readonly active_channel?: string;
      readonly last_seen: "—";
      readonly active_sessions: 0;
      readonly memory_freshness: "—";
      readonly workspace?: string;
    }[];
  };
  /** (+) There are none here */
  skills: {
    query: {};
    body: undefined;
    answer: readonly never[];
  };
  /** (+) There is none here */
  memory: {
    query: {};
    body: undefined;
    answer: readonly never[];
  };
  /** (+) Take over a little of what coven 0.4 has recorded */
  import: {
    query: {};
    body: {
      readonly from: "0.4";
    };
    answer: {
      /** Since this import began. */
      readonly sessions: number;
      readonly events: number;
      /** Sessions that were here already. */
      readonly present: number;
      readonly more: boolean;
      readonly skipped: readonly {
        readonly what: string;
        readonly why: string;
      }[];
    };
  };
  /** (+) How the daemon fares */
  status: {
    query: {};
    body: undefined;
    answer: {
      readonly ok: true;
      readonly daemon: Daemon;
      readonly covenVersion: string;
      readonly apiVersion: string;
      readonly uptimeSeconds: number;
      readonly sessions: {
        /** Whose terminal the daemon holds now. */
        readonly live: number;
        readonly byStatus: Readonly<Record<"created" | "running" | "completed" | "failed" | "killed" | "orphaned", number>>;
        /** Of the live ones, what their programs say they are doing. */
        readonly byActivity: Readonly<Record<string, number>>;
        /** The live one that keeps most, and the one that nobody has watched for longest. */
        readonly largest: {
          readonly sessionId: string;
          readonly harness: string;
          readonly title: string;
          readonly bytes: number;
          readonly growthPerDay: number | null;
        } | null;
        readonly unwatched: {
          readonly sessionId: string;
          readonly harness: string;
          readonly title: string;
          readonly bytes: number;
          readonly growthPerDay: number | null;
          readonly since: string;
        } | null;
      };
      readonly ledger: {
        readonly bytes: number;
        readonly walBytes: number;
      };
      readonly storage: {
        readonly state: "ok" | "full" | "read_only" | "failing" | "detached";
        readonly bytes: number;
        readonly freeBytes: number | null;
        readonly growthPerDay: number | null;
        readonly daysLeft: number | null;
        /** Printed and not recorded yet, because the disk takes nothing: how much, and of how many sessions. */
        readonly waitingBytes: number;
        readonly waitingSessions: number;
      };
      /** Totals since the daemon started; the rate is that of the last minute. */
      readonly events: {
        readonly total: number;
        readonly outputBytes: number;
        readonly perSecond: number;
      };
      readonly followers: {
        readonly count: number;
        readonly byKind: Readonly<Record<string, number>>;
        readonly lagEvents: number;
        readonly gaps: number;
      };
      /** A ledger of coven 0.4 that lies in the home and was not imported yet: its path. */
      readonly earlierLedger: string | null;
      readonly ptys: {
        readonly used: number | null;
        readonly limit: number;
      } | null;
      /** `loopDelayMs`: the worst of the last minute. */
      readonly process: {
        readonly rssBytes: number;
        readonly loopDelayMs: number;
      };
    };
  };
  /** (+) The same and more as Prometheus text */
  metrics: {
    query: {};
    body: undefined;
    answer: string;
  };
  /** (+) Stop the daemon in order */
  shutdown: {
    query: {};
    body: {
      readonly pid: number;
      readonly force?: boolean;
    };
    answer: Accepted;
  };
  /** (+) Have the daemon go on as another program, sessions kept */
  restart: {
    query: {};
    body: {
      /** That the client means. */
      readonly pid: number;
      /** argv of the program to go on with, without `daemon serve`; this very program where left out. */
      readonly command?: readonly string[];
    };
    answer: Accepted;
  };
  /** (+) What became of the last restart */
  restarting: {
    query: {};
    body: undefined;
    answer: {
      readonly restart: {
        readonly state: "checking" | "handing_over" | "refused";
        readonly reason: string | null;
        readonly requestedAt: string;
      } | null;
    };
  };
}
