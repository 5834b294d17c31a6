// Compares two terminal screens cell by cell: what tmux captured, read into characters and the looks of each.

/**
 * Every row as runs of `look|text`, from `capture-pane -e -p -N`. Of blanks only what shows is looked at; those at the
 * end of a row are left out, because tmux doesn't capture what was erased in a colour there.
 */
export function cellsOf(captured: string): string[] {
  const look = new Map<string, string>();
  return captured
    .replace(/\n$/, "")
    .split("\n")
    .map((row) => {
      const runs: { look: string; text: string }[] = [];
      const put = (text: string, as: string): void => {
        const last = runs.at(-1);
        if (last?.look === as) last.text += text;
        else runs.push({ look: as, text });
      };
      for (const [, codes, text] of row.matchAll(/\x1b\[([\d;:]*)m|([^\x1b]+)|\x1b[()\]][^\x1b]*/g)) {
        if (codes !== undefined) change(look, codes);
        for (const { segment } of new Intl.Segmenter().segment(text ?? "")) {
          put(segment, appearance(look, segment === " "));
        }
      }
      while (/^ *$/.test(runs.at(-1)?.text ?? "x") && !/\b[479]\b/.test(runs.at(-1)?.look ?? "")) runs.pop();
      const last = runs.at(-1);
      if (last?.look.split(",").every((one) => !["4", "7", "9"].includes(one)))
        last.text = last.text.trimEnd();
      return runs.map((run) => `${run.look}|${run.text}`).join("");
    });
}

function change(look: Map<string, string>, codes: string): void {
  const list = codes.split(";");
  for (let i = 0; i < list.length; i++) {
    const code = Number(list[i] || 0);
    if (code === 0) look.clear();
    else if (code === 38 || code === 48 || code === 58) {
      const length = list[i + 1] === "2" ? 5 : 3;
      look.set(code === 38 ? "fg" : code === 48 ? "bg" : "ul", list.slice(i, i + length).join(";"));
      i += length - 1;
    } else if (code === 39) look.delete("fg");
    else if (code === 49) look.delete("bg");
    else if (code === 59) look.delete("ul");
    else if ((code >= 30 && code < 38) || (code >= 90 && code < 98)) look.set("fg", String(code));
    else if ((code >= 40 && code < 48) || (code >= 100 && code < 108)) look.set("bg", String(code));
    else if (code === 22) for (const one of ["1", "2"]) look.delete(one);
    else if (code > 22 && code < 30) look.delete(String(code - 20));
    else look.set(list[i]?.split(":")[0] ?? "", list[i] ?? "");
  }
}

function appearance(look: Map<string, string>, blank: boolean): string {
  const lines = ["4", "7", "9"].some((one) => look.has(one));
  const hidden = blank && !lines ? new Set(["fg", "1", "2", "3", "5", "8", "ul"]) : new Set<string>();
  return Array.from(look)
    .filter(([name]) => !hidden.has(name))
    .map(([, value]) => value)
    .sort()
    .join(",");
}
