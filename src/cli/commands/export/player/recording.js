// The page's recording: the asciicast v3 document in it, and a search through all that was printed. Touches no page.

globalThis.CovenRecording = (() => {
  const ESCAPES =
    /\x1b\[[0-?]*[ -/]*[@-~]|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[ -/]*[0-~]|[\x00-\x08\x0b-\x1a\x1c-\x1f]/g;

  /** The document: inflated, then one JSON value a line; intervals become milliseconds since the beginning. */
  async function read(base64) {
    const binary = atob(base64.trim());
    const bytes = new Uint8Array(binary.length);
    for (let at = 0; at < bytes.length; at += 1) bytes[at] = binary.charCodeAt(at);
    const inflated = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
    const lines = (await new Response(inflated).text()).split("\n");
    const first = JSON.parse(lines[0]);
    const all = [];
    let ms = 0;
    for (const line of lines.slice(1)) {
      if (line === "" || line[0] === "#") continue;
      const [interval, code, data] = JSON.parse(line);
      ms += Math.round(interval * 1000);
      all.push({ ms, code, data });
    }
    return { header: first, events: all };
  }

  /** All output without escape sequences, and where in it each event begins. */
  function transcript(events) {
    let all = "";
    let held = "";
    const begins = events.map(({ code, data }) => {
      const begin = all.length;
      if (code !== "o") return begin;
      const piece = held + data;
      const open = /\x1b[^\x07]{0,256}$/.exec(piece)?.[0] ?? "";
      // A sequence that is not complete yet waits for the next event.
      held = open !== "" && open.replace(ESCAPES, "").includes("\x1b") ? open : "";
      all += piece.slice(0, piece.length - held.length).replace(ESCAPES, "");
      return begin;
    });
    return { all: all.toLowerCase(), begins };
  }

  /** The places in the list of events where a text stands, each once, in order; case counts for nothing. */
  function find({ all, begins }, text) {
    const wanted = text.toLowerCase();
    const places = [];
    let event = 0;
    for (let at = wanted ? all.indexOf(wanted) : -1; at >= 0; at = all.indexOf(wanted, at + 1)) {
      // It is there once its last character is.
      while (event + 1 < begins.length && begins[event + 1] <= at + wanted.length - 1) event += 1;
      if (places.at(-1) !== event) places.push(event);
    }
    return places;
  }

  return { read, transcript, find };
})();
