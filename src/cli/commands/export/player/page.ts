// The page that plays a session: its markup around a recording that is put in afterwards. Self-contained.
import xtermStyle from "@xterm/xterm/css/xterm.css" with { type: "text" };
import { libraries } from "./libraries.ts" with { type: "macro" };
import style from "./player.css" with { type: "text" };
import player from "./player.js" with { type: "text" };
import recording from "./recording.js" with { type: "text" };
import screen from "./screen.js" with { type: "text" };

/** A page in three parts; the base64 of the deflated recording goes between the two texts. */
export interface Page {
  readonly before: string;
  readonly after: string;
}

const SCRIPT = [libraries(), recording, screen, player].map((text) => text.trim()).join("\n");

/**
 * The page for a session. `title` and `facts` may hold anything: they are escaped. The policy lets this one script
 * run and nothing be fetched or sent; inline styles stay allowed because the emulator draws colours with them.
 */
export function pageFor({ title, facts }: { readonly title: string; readonly facts: string }): Page {
  const hash = new Bun.CryptoHasher("sha256").update(SCRIPT).digest("base64");
  const policy = `default-src 'none'; script-src 'sha256-${hash}'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'`;
  return {
    before: `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${escaped(title)}</title>
<style>${xtermStyle}
${style}</style>
</head>
<body data-state="loading">
<header><h1>${escaped(title)}</h1><p>${escaped(facts)}</p></header>
<main>
<div id="stage"><div id="screen"></div><button id="start" type="button" aria-label="Play this session"></button></div>
<pre id="text" tabindex="0" hidden></pre>
<div class="controls" role="toolbar" aria-label="Player">
<button id="play" type="button">Play</button>
<input id="seek" type="range" min="0" max="0" value="0" step="1" aria-label="Position">
<span id="time"></span>
<label>Speed <select id="speed"></select></label>
<label><input id="skip" type="checkbox" checked> Skip pauses</label>
<span class="group" role="search"><input id="query" type="search" placeholder="Search" aria-label="Search in what was printed">
<button id="previous" type="button">Previous</button>
<button id="next" type="button">Next</button>
<span id="found" role="status"></span></span>
<button id="as-text" type="button" aria-pressed="false">Text</button>
</div>
</main>
<p id="keys">Space plays and pauses, arrows move 5 s, Home and End, &lt; and &gt; change the speed, / searches, n and N go on, t shows text.</p>
<noscript>This page plays a terminal session and needs JavaScript for it.</noscript>
<script type="application/octet-stream" id="cast">`,
    after: `</script>
<script>${SCRIPT}</script>
</body>
</html>
`,
  };
}

/** Text as HTML text or as the value of a quoted attribute. */
function escaped(text: string): string {
  const entities: Readonly<Record<string, string>> = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&quot;",
    "'": "&#39;",
  };
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? "");
}
