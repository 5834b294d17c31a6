// The last screen of each finished session.
import type { Ledger } from "../session/ports/ledger.ts";
import type { ScreenImage } from "../session/ports/screen.ts";
import type { Connection } from "./connection.ts";
import { sessionNotFound } from "./sessions.ts";

/** Every statement on screens. */
export const SCREEN_SQL = {
  save: `INSERT OR REPLACE INTO screen_rows (session, image) SELECT n, ? FROM session_rows WHERE id = ?`,
  screen: "SELECT image FROM screen_rows WHERE session = (SELECT n FROM session_rows WHERE id = ?)",
} as const;

/** The screens of an open ledger. Saving one for an unknown session throws `session_not_found`. */
export function screenTable(connection: Connection): Pick<Ledger, "saveScreen" | "screen"> {
  const save = connection.db.query<null, [Uint8Array, string]>(SCREEN_SQL.save);
  const screen = connection.db.query<{ image: Uint8Array }, [string]>(SCREEN_SQL.screen);
  return {
    saveScreen(sessionId, image) {
      // A thousand lines of scrollback would weigh as much as a short session's whole output; no one reads this by SQL.
      const packed = Bun.zstdCompressSync(JSON.stringify(image));
      if (save.run(packed, sessionId).changes === 0) throw sessionNotFound(sessionId);
    },
    screen(sessionId) {
      const row = screen.get(sessionId);
      if (!row) return undefined;
      // Written by saveScreen and by nobody else.
      const image: ScreenImage = JSON.parse(new TextDecoder().decode(Bun.zstdDecompressSync(row.image)));
      // One kept before there were pictures is drawn again.
      return "picture" in image ? image : undefined;
    },
  };
}
