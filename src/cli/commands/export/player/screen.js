// The page's terminal: xterm.js, opened so that somebody else's output can do nothing but be drawn.

globalThis.CovenScreen = (() => {
  /** Modes that would send the mouse to the program and so keep people from selecting text. */
  const MOUSE = new Set([9, 1000, 1001, 1002, 1003, 1004, 1005, 1006, 1015, 1016]);

  function open({ cols, rows }, stage) {
    const made = new Terminal({
      cols: Math.max(2, cols),
      rows,
      scrollback: 20000,
      disableStdin: true,
      allowProposedApi: true,
      fontFamily: "ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace",
      fontSize: 14,
      theme: { background: "#0d0e11", foreground: "#d6d9df" },
      // A link in somebody else's output leads nowhere from here.
      linkHandler: { activate() {} },
    });
    made.loadAddon(new UnicodeGraphemesAddon());
    made.unicode.activeVersion = "15-graphemes";
    const core = made._core;
    made.parser.registerCsiHandler({ prefix: "?", final: "h" }, (modes) =>
      modes.every((one) => MOUSE.has(one)),
    );
    // xterm.js 6.0.0 throws here (no line below the last to unwrap); what is above the last cell is everything.
    made.parser.registerCsiHandler({ final: "J" }, ([how]) => {
      const { cursorX, cursorY } = made.buffer.active;
      const all = how === 1 && cursorY === made.rows - 1 && cursorX + 1 >= made.cols;
      if (all) core._inputHandler.eraseInDisplay({ params: [2] });
      return all;
    });
    // Done once per count: more than a screen holds is only a way to keep us busy.
    for (const final of ["b", "L", "M", "S", "T", "I", "Z"]) {
      made.parser.registerCsiHandler({ final }, ([count]) => count > made.cols * made.rows);
    }
    made.attachCustomKeyEventHandler(() => false);
    made.open(stage);
    return made;
  }

  /** What in output wipes a screen out, or leaves the alternate one. */
  const WIPES = /\x1b\[\?(?:[\d;]*;)?(?:47|1047|1049)l|\x1b\[[23]?J|\x1bc/g;

  /** How many rows of the screen show something, scrollback left out. */
  function filled(term) {
    const buffer = term.buffer.active;
    let rows = 0;
    for (let y = 0; y < term.rows; y += 1) {
      if (
        buffer
          .getLine(buffer.baseY + y)
          ?.translateToString(true)
          .trim()
      )
        rows += 1;
    }
    return rows;
  }

  /** What the terminal holds now, scrollback included; wrapped lines are whole again. */
  function text(term) {
    const buffer = term.buffer.active;
    let out = "";
    for (let y = 0; y < buffer.length; y += 1) {
      const wraps = buffer.getLine(y + 1)?.isWrapped === true;
      const line = buffer.getLine(y).translateToString(!wraps);
      out += wraps ? line : `${line.trimEnd()}\n`;
    }
    return `${out.trimEnd()}\n`;
  }

  return { WIPES, filled, open, text };
})();
