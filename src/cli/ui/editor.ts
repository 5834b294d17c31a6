// A text in the person's own editor: $VISUAL, $EDITOR, else vi.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * Opens the text in the editor, which has the terminal meanwhile; resolves to what it left, without the last line end, or undefined
 * when it failed: the text then stays as it was.
 */
export async function editedText(text: string): Promise<string | undefined> {
  const directory = mkdtempSync(join(tmpdir(), "coven-edit-"));
  try {
    const file = join(directory, "task.md");
    writeFileSync(file, text === "" ? "" : `${text}\n`, { mode: 0o600 });
    const editor = process.env["VISUAL"] || process.env["EDITOR"] || "vi";
    // As git does it: the setting may hold arguments.
    const child = Bun.spawn(["/bin/sh", "-c", `${editor} "$1"`, "sh", file], {
      stdin: "inherit",
      stdout: "inherit",
      stderr: "inherit",
    });
    if ((await child.exited) !== 0) return undefined;
    return readFileSync(file, "utf8").replace(/\r\n/g, "\n").replace(/\n+$/, "");
  } catch {
    return undefined;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
