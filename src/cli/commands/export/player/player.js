// The player in the page of an exported session: the clock, the controls, the keys. Runs in a browser, from disk, in
// one inline script whose hash is the only one that the page's policy allows. No output of the session ever becomes
// markup: it goes to the emulator, which draws text, or into a text node.

(async () => {
  const SKIP_MS = 2000;
  const LEAP_MS = 5000;
  const TURN_MS = 12;
  /** Pixels around the terminal, and the sizes of its font, between which it fits the window. */
  const MARGIN = 8;
  const LEAST_FONT = 6;
  const MOST_FONT = 64;
  const SPEEDS = [0.5, 1, 2, 4, 8, 16];

  const byId = (id) => document.getElementById(id);
  const [play, slider, time, speed, skip, query, found, textView, stage, box] = [
    "play", "seek", "time", "speed", "skip", "query", "found", "text", "stage", "screen",
  ].map(byId); // biome-ignore format: one list

  const { header, events } = await CovenRecording.read(byId("cast").textContent);
  const duration = events.at(-1)?.ms ?? 0;
  const term = CovenScreen.open(header.term, box);
  const searching = new SearchAddon();
  term.loadAddon(searching);

  /** The next event to apply, and the moment shown in milliseconds: every event before it is on the screen. */
  let next = 0;
  let clock = 0;
  let playing = false;
  let drawing = false;
  /** The picture is shown that stands there before anything is played; the clock is at the beginning meanwhile. */
  let picture = false;
  /** Counts jumps, so that a newer one ends an older one that is still drawing. */
  let jump = 0;

  function apply({ code, data }) {
    if (code === "r") {
      const [cols, rows] = data.split("x").map(Number);
      term.resize(Math.max(2, cols), Math.max(1, rows));
      fit();
    } else if (code === "o") {
      const input = term._core._inputHandler;
      try {
        // At once, where the public `write` would do it later and a fault of the emulator would stop it for good.
        input.parse(data);
      } catch {
        input._parser.reset();
      }
    }
  }

  function rewind() {
    term.reset();
    term.resize(Math.max(2, header.term.cols), header.term.rows);
    next = 0;
    picture = false;
    fit();
  }

  /** Applies events up to a place in the list, in turns that leave the page alive; false when a newer jump came. */
  async function drawTo(place) {
    jump += 1;
    const mine = jump;
    if (place < next || picture) rewind();
    let turn = performance.now();
    drawing = true;
    while (next < place) {
      apply(events[next++]);
      if (performance.now() - turn < TURN_MS * 2) continue;
      await new Promise((go) => setTimeout(go));
      if (mine !== jump) return false;
      turn = performance.now();
    }
    drawing = false;
    return true;
  }

  /** Shows a moment, in milliseconds. */
  async function seek(ms) {
    clock = Math.min(Math.max(0, ms), duration);
    let place = events.findIndex((event) => event.ms > clock);
    if (place < 0) place = events.length;
    show("seeking");
    if (await drawTo(place)) show();
  }

  function start() {
    if (playing) return;
    playing = true;
    const begin = picture || next >= events.length ? drawTo(0).then(() => (clock = 0)) : Promise.resolve();
    let before;
    const tick = (now) => {
      if (!playing) return;
      const passed = now - (before ?? now);
      before = now;
      if (drawing) return requestAnimationFrame(tick);
      clock += passed * Number(speed.value);
      if (skip.checked && next < events.length && events[next].ms - clock > SKIP_MS)
        clock = events[next].ms - 300;
      const turn = performance.now();
      while (next < events.length && events[next].ms <= clock) {
        apply(events[next++]);
        if (performance.now() - turn < TURN_MS) continue;
        // Too much to draw in a frame: the clock waits rather than the page.
        clock = events[next - 1].ms;
        break;
      }
      if (next >= events.length) {
        clock = duration;
        playing = false;
      } else requestAnimationFrame(tick);
      show();
    };
    begin.then(() => requestAnimationFrame(tick));
    show();
  }

  function pause() {
    playing = false;
    show();
  }

  function show(state) {
    const ended = !picture && next >= events.length;
    document.body.dataset.state =
      state ?? (playing ? "playing" : picture ? "picture" : ended ? "ended" : "paused");
    play.textContent = playing ? "Pause" : ended ? "Play again" : "Play";
    slider.value = String(clock);
    slider.setAttribute("aria-valuetext", stamp(clock));
    const exit = ended || picture ? events.findLast(({ code }) => code === "x") : undefined;
    time.textContent = `${stamp(clock)} / ${stamp(duration)}${exit ? `, exit ${exit.data}` : ""}`;
    if (!textView.hidden) textView.textContent = CovenScreen.text(term);
  }

  function stamp(ms) {
    const seconds = Math.floor(ms / 1000);
    const two = (number) => String(number).padStart(2, "0");
    const hours = Math.floor(seconds / 3600);
    return `${hours > 0 ? `${hours}:` : ""}${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  }

  /** The terminal as large as the window leaves room for, in its middle: by the size of its font, and beneath the smallest by scaling. */
  function fit() {
    const [width, height] = [stage.clientWidth - 2 * MARGIN, stage.clientHeight - 2 * MARGIN];
    if (width <= 0 || height <= 0) return;
    const screen = term.element.querySelector(".xterm-screen");
    const room = () => Math.min(width / screen.offsetWidth, height / screen.offsetHeight);
    const font = (size) => {
      const tenths = Math.floor(Math.min(MOST_FONT, Math.max(LEAST_FONT, size)) * 10) / 10;
      if (tenths !== term.options.fontSize) term.options.fontSize = tenths;
    };
    // Cells are whole pixels, so the first guess is a little off.
    for (let turn = 0; turn < 3; turn += 1) font(term.options.fontSize * room());
    while (room() < 1 && term.options.fontSize > LEAST_FONT) font(term.options.fontSize - 0.1);
    const scale = Math.min(1, room());
    box.style.transform = scale < 1 ? `scale(${scale})` : "";
    box.style.width = `${screen.offsetWidth}px`;
    box.style.left = `${MARGIN + Math.max(0, (width - screen.offsetWidth * scale) / 2)}px`;
    box.style.top = `${MARGIN + Math.max(0, (height - screen.offsetHeight * scale) / 2)}px`;
  }

  // ---- the picture before it is played --------------------------------------------------------------------

  /**
   * Draws the picture to begin with: the last screen, or the one before it that a program wiped out or left behind, where that
   * shows more: of a program that fills the screen nothing is there at the end.
   */
  async function showPicture() {
    show("seeking");
    let best;
    jump += 1;
    const mine = jump;
    let turn = performance.now();
    for (const [place, event] of events.entries()) {
      let done = 0;
      const wipes = event.code === "o" ? event.data.matchAll(CovenScreen.WIPES) : [];
      for (const { 0: wipe, index } of wipes) {
        apply({ code: "o", data: event.data.slice(done, index) });
        done = index;
        // Everything below the cursor is the whole screen from its first cell alone.
        const { cursorX, cursorY } = term.buffer.active;
        if (wipe === "\x1b[J" && cursorX + cursorY > 0) continue;
        const rows = CovenScreen.filled(term);
        // A program that goes may draw a last word on a screen that it has wiped: that is no picture of it.
        if (rows > 0 && rows * 4 >= (best?.rows ?? 0)) best = { place, index, rows };
      }
      apply({ code: event.code, data: event.data.slice(done) });
      if (performance.now() - turn < TURN_MS * 2) continue;
      await new Promise((go) => setTimeout(go));
      if (mine !== jump) return;
      turn = performance.now();
    }
    next = events.length;
    if (best !== undefined && CovenScreen.filled(term) * 2 < best.rows) {
      rewind();
      if (!(await drawTo(best.place))) return;
      apply({ code: "o", data: events[best.place].data.slice(0, best.index) });
    }
    picture = true;
    clock = 0;
    show();
  }

  // ---- search: what was printed, wherever in time ---------------------------------------------------------

  let printed;
  let hits = [];
  let hit = -1;

  function search() {
    hit = -1;
    printed ??= CovenRecording.transcript(events);
    hits = CovenRecording.find(printed, query.value);
    found.textContent = query.value === "" ? "" : hits.length === 0 ? "not found" : `${hits.length} found`;
  }

  async function goToHit(step) {
    if (hits.length === 0) return;
    hit = hit < 0 && step < 0 ? hits.length - 1 : (hit + step + hits.length) % hits.length;
    playing = false;
    const place = hits[hit];
    clock = events[place].ms;
    if (!(await drawTo(place + 1))) return;
    found.textContent = `${hit + 1} of ${hits.length}`;
    show();
    term.clearSelection();
    searching.findPrevious(query.value);
  }

  // ---- hands --------------------------------------------------------------------------------------------

  const toggle = () => (playing ? pause() : start());
  const faster = (by) => {
    const place = Math.min(SPEEDS.length - 1, Math.max(0, SPEEDS.indexOf(Number(speed.value)) + by));
    speed.value = String(SPEEDS[place]);
  };
  const KEYS = {
    " ": toggle,
    k: toggle,
    ArrowLeft: () => seek(clock - LEAP_MS),
    ArrowRight: () => seek(clock + LEAP_MS),
    Home: () => seek(0),
    End: () => seek(duration),
    "<": () => faster(-1),
    ">": () => faster(1),
    "/": () => query.focus(),
    n: () => goToHit(1),
    N: () => goToHit(-1),
    t: () => byId("as-text").click(),
  };

  for (const value of SPEEDS) speed.add(new Option(`${value}×`, String(value), value === 1, value === 1));
  slider.max = String(duration);
  play.onclick = toggle;
  byId("start").onclick = () => {
    start();
    play.focus();
  };
  slider.oninput = () => seek(Number(slider.value));
  query.oninput = search;
  byId("next").onclick = () => goToHit(1);
  byId("previous").onclick = () => goToHit(-1);
  byId("as-text").onclick = ({ currentTarget }) => {
    textView.hidden = !textView.hidden;
    stage.hidden = !textView.hidden;
    currentTarget.setAttribute("aria-pressed", String(!textView.hidden));
    show();
    fit();
  };
  query.onkeydown = (event) => {
    if (event.key === "Enter") goToHit(event.shiftKey ? -1 : 1);
    if (event.key === "Escape") query.blur();
  };
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || /^(INPUT|SELECT)$/.test(event.target.tagName))
      return;
    if (event.target.tagName === "BUTTON" && event.key === " ") return;
    if (!Object.hasOwn(KEYS, event.key)) return;
    event.preventDefault();
    KEYS[event.key]();
  });
  new ResizeObserver(fit).observe(stage);

  fit();
  // `#t=12.5` opens at a moment, `#t=end` at the last one; else a picture waits to be played.
  const wanted = /^#t=(end|[\d.]+)$/.exec(location.hash)?.[1];
  if (wanted === undefined) await showPicture();
  else await seek(wanted === "end" ? duration : Number(wanted) * 1000);
})();
