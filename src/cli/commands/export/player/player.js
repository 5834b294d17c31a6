// The player in the page of an exported session: the clock, the controls, the keys. Runs in a browser, from disk, in
// one inline script whose hash is the only one that the page's policy allows. No output of the session ever becomes
// markup: it goes to the emulator, which draws text, or into a text node.

(async () => {
  const SKIP_MS = 2000;
  const LEAP_MS = 5000;
  const TURN_MS = 12;
  const SPEEDS = [0.5, 1, 2, 4, 8, 16];

  const byId = (id) => document.getElementById(id);
  const [play, slider, time, speed, skip, query, found, textView, stage] = [
    "play", "seek", "time", "speed", "skip", "query", "found", "text", "stage",
  ].map(byId); // biome-ignore format: one list

  const { header, events } = await CovenRecording.read(byId("cast").textContent);
  const duration = events.at(-1)?.ms ?? 0;
  const term = CovenScreen.open(header.term, stage);
  const searching = new SearchAddon();
  term.loadAddon(searching);

  /** The next event to apply, and the moment shown in milliseconds: every event before it is on the screen. */
  let next = 0;
  let clock = 0;
  let playing = false;
  let drawing = false;
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

  /** Applies events up to a place in the list, in turns that leave the page alive; false when a newer jump came. */
  async function drawTo(place) {
    jump += 1;
    const mine = jump;
    if (place < next) {
      term.reset();
      term.resize(Math.max(2, header.term.cols), header.term.rows);
      next = 0;
    }
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
    const begin = next >= events.length ? drawTo(0).then(() => (clock = 0)) : Promise.resolve();
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
    const ended = next >= events.length;
    document.body.dataset.state = state ?? (playing ? "playing" : ended ? "ended" : "paused");
    play.textContent = playing ? "Pause" : ended ? "Play again" : "Play";
    slider.value = String(clock);
    slider.setAttribute("aria-valuetext", stamp(clock));
    const exit = ended ? events.findLast(({ code }) => code === "x") : undefined;
    time.textContent = `${stamp(clock)} / ${stamp(duration)}${exit ? `, exit ${exit.data}` : ""}`;
    if (!textView.hidden) textView.textContent = CovenScreen.text(term);
  }

  function stamp(ms) {
    const seconds = Math.floor(ms / 1000);
    const two = (number) => String(number).padStart(2, "0");
    const hours = Math.floor(seconds / 3600);
    return `${hours > 0 ? `${hours}:` : ""}${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  }

  /** The font as large as the page's width allows, from 5 to 14 pixels. */
  function fit() {
    const room = stage.clientWidth - 24;
    const width = term.element.querySelector(".xterm-screen").offsetWidth;
    if (width === 0) return;
    const size = Math.min(14, Math.max(5, Math.floor((term.options.fontSize * room) / width)));
    if (size !== term.options.fontSize) term.options.fontSize = size;
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
  slider.oninput = () => seek(Number(slider.value));
  query.oninput = search;
  byId("next").onclick = () => goToHit(1);
  byId("previous").onclick = () => goToHit(-1);
  byId("as-text").onclick = ({ currentTarget }) => {
    textView.hidden = !textView.hidden;
    stage.hidden = !textView.hidden;
    currentTarget.setAttribute("aria-pressed", String(!textView.hidden));
    show();
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
  addEventListener("resize", fit);

  fit();
  // `#t=12.5` opens at a moment, `#t=end` at the last one; else it plays, unless motion is not wanted.
  const wanted = /^#t=(end|[\d.]+)$/.exec(location.hash)?.[1];
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  if (wanted === undefined && !still) {
    await seek(0);
    start();
  } else await seek(wanted === undefined || wanted === "end" ? duration : Number(wanted) * 1000);
})();
