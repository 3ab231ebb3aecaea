// Buttons, keys, the sheet of keys, the theme, and the view in the address.

const KEYS = [
  ["← →", "the event before, the next one"],
  ["Shift ← →", "a tenth of the view"],
  ["Home End", "the beginning, the end"],
  ["V", "the next violation"],
  ["W", "why: what led to the event at the cursor"],
  ["Space", "play, stop"],
  ["+ −", "closer, farther; also Ctrl and the wheel"],
  ["A D", "move the view; also Shift and the wheel"],
  ["0", "all of it"],
  ["E", "an even scale of time, or long gaps short"],
  ["F", "storage checks tokens, or not"],
  ["R", "back to what was recorded"],
  ["/", "search the events"],
  ["Q", "lesson: choose what will happen before it is shown"],
  ["L", "dark, light"],
  ["?", "this sheet"],
];

function buildControls() {
  const button = (id, words, title, onclick, more = {}) => make("button", { type: "button", id, title, onclick, ...more }, words);
  const tools = make("div", { class: "tools", role: "toolbar", "aria-label": "View" },
    button("play", "Play", "Space", play, { "aria-pressed": "false" }),
    button("violation", "Next violation", "V", nextViolation, { hidden: run.findings.length === 0 }),
    button("why", "Why?", "W", toggleWhy, { "aria-pressed": "false" }),
    button("closer", "+", "Closer (+)", () => zoom(0.6)), button("farther", "−", "Farther (−)", () => zoom(1 / 0.6)),
    button("whole", "All", "0", () => setView(first(), last())),
    button("even", "Even time", "E", toggleEven, { "aria-pressed": "false" }),
    button("lesson", "Lesson", "Choose what will happen before it is shown (Q)", toggleLesson, { "aria-pressed": "false" }),
    button("theme", "Dark / light", "L", toggleTheme),
    button("help", "?", "Keys", () => sheet.showModal()),
    make("span", { class: "meta", id: "alive", role: "note" }));
  $("controls").replaceChildren(tools);
  const search = make("input", { type: "search", id: "search", placeholder: "Search events", "aria-label": "Search the events", oninput: (e) => { state.query = e.target.value.trim().toLowerCase(); state.shownRows = 300; showList(); } });
  const choice = (id, label, entries, set) => make("select", { id, "aria-label": label, onchange: (e) => { set(e.target.value); state.shownRows = 300; showList(); } },
    make("option", { value: "" }, label), ...entries.map(([value, words]) => make("option", { value }, words)));
  const used = [...new Set(run.events.map((event) => event[KIND]))].sort((a, b) => run.kinds[a].localeCompare(run.kinds[b]));
  $("story-tools").replaceChildren(search,
    choice("who", "Every process", run.processes.map((process, i) => [i + 1, process.name]), (value) => { state.who = value; }),
    choice("kind", "Every kind", used.map((kind) => [kind, run.kinds[kind].replaceAll("_", " ")]), (value) => { state.kind = value; }),
    make("label", {}, make("input", { type: "checkbox", id: "all", onchange: (e) => { state.all = e.target.checked; showList(); } }), ` all ${run.events.length} events`));
  if (navigator.clipboard) {
    $("copy").hidden = false;
    $("copy").addEventListener("click", () => navigator.clipboard.writeText($("command").textContent).then(() => { $("copy").textContent = "Copied"; setTimeout(() => { $("copy").textContent = "Copy"; }, 1500); }, () => {}));
  }
  $("now").hidden = false;
}

/** Controls that need the core. */
function buildWhatIf() {
  const group = make("div", { class: "what-if", role: "group", "aria-label": "What if" }, make("strong", {}, "What if"));
  const row = make("div", { class: "knobs" });
  if (run.events.some((event) => ["write_accepted", "write_rejected"].includes(run.kinds[event[KIND]])))
    row.append(make("span", { class: "pair", role: "group", "aria-label": "Storage checks fencing tokens" },
      make("button", { type: "button", id: "unfenced", onclick: () => edit("storage.check", "plain") }, "No token check"),
      make("button", { type: "button", id: "fenced", onclick: () => edit("storage.check", "document") }, "Token check")));
  buildKnobs(row);
  const seed = make("label", {}, make("span", {}, "Seed"), make("input", { type: "number", min: 0, id: "seed-now", value: recorded.run.seed, onchange: (e) => { if (/^\d{1,19}$/.test(e.target.value)) edit("seed", e.target.value); } }));
  row.insertBefore(seed, row.querySelector(":scope > details"));
  group.append(row, make("button", { type: "button", id: "reset", title: "R", onclick: reset }, "As recorded"));
  $("controls").append(group);
  const cards = make("div", { class: "insights screen" }, make("section", { class: "card", id: "twin", hidden: true }), make("section", { class: "card", id: "decided", hidden: true }));
  $("reasons").append(cards);
  showKnobs();
}

const sheet = make("dialog", { "aria-label": "Keys" }, make("h2", {}, "Keys"),
  make("table", {}, make("tbody", {}, ...KEYS.map(([keys, words]) => make("tr", {}, make("th", { scope: "row" }, ...keys.split(" ").flatMap((one) => [make("kbd", {}, one), " "])), make("td", {}, words))))),
  make("form", { method: "dialog" }, make("button", {}, "Close")));
document.body.append(sheet);

function toggleTheme() {
  const root = document.documentElement;
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
}
function toggleEven() {
  view.even = !view.even;
  $("even").setAttribute("aria-pressed", String(view.even));
  layout();
  remember();
}
const toggleWhy = () => showWhy(state.why ? -1 : currentEvent());

let playing = 0;
function play() {
  cancelAnimationFrame(playing);
  const stop = () => { playing = 0; $("play").textContent = "Play"; $("play").setAttribute("aria-pressed", "false"); };
  if (playing) return stop();
  // So many pixels of the drawn scale a second: quick through gaps, slow where things happen. With
  // reduced motion, from event to event.
  const steps = matchMedia("(prefers-reduced-motion: reduce)").matches;
  if (drawnPlace(state.cursor) >= drawnPlace(last()) - 1) setCursor(first());
  let before = performance.now();
  const frame = (now) => {
    if (steps) { if (now - before > 900) { before = now; step(1); } }
    else { setCursor(drawnTime(drawnPlace(state.cursor) + (now - before) * 0.09)); before = now; }
    if (drawnPlace(state.cursor) >= drawnPlace(last()) - 0.5 || (steps && currentEvent() === run.events.length - 1)) return stop();
    playing = requestAnimationFrame(frame);
  };
  $("play").textContent = "Stop";
  $("play").setAttribute("aria-pressed", "true");
  playing = requestAnimationFrame(frame);
}

function wirePicture() {
  const chart = $("chart");
  const place = (event) => event.clientX - picture.querySelector(".time").getScreenCTM().e;
  chart.addEventListener("pointerdown", (down) => {
    if (down.button !== 0 || down.target.closest(".grab")) return;
    const marked = down.target.closest("[data-e]");
    if (marked) return select(Number(marked.dataset.e));
    const move = (event) => setCursor(timeAt(clamp(place(event), 0, axisWidth)));
    move(down);
    const up = () => { removeEventListener("pointermove", move); removeEventListener("pointerup", up); };
    addEventListener("pointermove", move);
    addEventListener("pointerup", up);
  });
  chart.addEventListener("wheel", (event) => {
    const sideways = Math.abs(event.deltaX) > Math.abs(event.deltaY);
    if (event.ctrlKey || event.metaKey) zoom(Math.exp(clamp(event.deltaY, -60, 60) * 0.008), place(event));
    else if (event.shiftKey || sideways) pan(sideways ? event.deltaX : event.deltaY);
    else return;
    event.preventDefault();
  }, { passive: false });
  $("story").addEventListener("click", (event) => {
    const li = event.target.closest("li[data-e]");
    if (li) setCursor(Number(li.dataset.t), Number(li.dataset.e) < run.events.length && run.events[Number(li.dataset.e)][AT] === Number(li.dataset.t) ? Number(li.dataset.e) : -1);
  });
  let resized = 0;
  addEventListener("resize", () => { clearTimeout(resized); resized = setTimeout(layout, 60); });
  addEventListener("beforeprint", () => { const was = { ...view }; [view.from, view.until] = [first(), last()]; layout(); addEventListener("afterprint", () => { Object.assign(view, was); layout(); }, { once: true }); });
}

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || sheet.open || /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) return;
  const onButton = event.target.tagName === "BUTTON" || event.target.tagName === "SUMMARY";
  const by = (direction) => (event.shiftKey ? setCursor(timeAt(clamp(placeOf(state.cursor) + (direction * axisWidth) / 10, 0, axisWidth))) : step(direction));
  const actions = {
    ArrowLeft: () => by(-1), ArrowRight: () => by(1), Home: () => setCursor(first()), End: () => setCursor(last()),
    v: nextViolation, w: toggleWhy, " ": onButton ? null : play, "+": () => zoom(0.6), "=": () => zoom(0.6), "-": () => zoom(1 / 0.6),
    a: () => pan(-axisWidth / 5), d: () => pan(axisWidth / 5), 0: () => setView(first(), last()), e: toggleEven,
    f: core && $("fenced") ? () => edit("storage.check", fenced(scenario) ? "plain" : "document") : null,
    r: core ? reset : null, q: toggleLesson, "/": () => $("search").focus(), l: toggleTheme, "?": () => sheet.showModal(),
    Escape: () => showWhy(-1),
  };
  const action = actions[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (!action) return;
  event.preventDefault();
  action();
});

// ---- the address ------------------------------------------------------------------------------------------

let remembering = 0;
let moved = false;
function remember() {
  clearTimeout(remembering);
  remembering = setTimeout(() => {
    const parts = new URLSearchParams();
    if (moved) parts.set("t", String(Math.round(state.cursor)));
    if (moved && state.selected >= 0) parts.set("e", String(state.selected));
    if (view.from > first() || view.until < last()) parts.set("view", `${Math.round(view.from)}-${Math.round(view.until)}`);
    if (view.even) parts.set("even", "1");
    if (lesson.on) parts.set("lesson", "1");
    for (const [path, value] of edits) parts.append("set", `${path}=${value}`);
    const text = parts.toString();
    try { history.replaceState(null, "", text ? "#" + text : location.pathname); } catch { /* an address that cannot be changed */ }
  }, 200);
}

function recall() {
  const parts = new URLSearchParams(location.hash.slice(1));
  if (core) {
    for (const one of parts.getAll("set")) {
      const [path, ...rest] = one.split("=");
      const value = rest.join("=");
      if (path === "seed") { if (/^\d{1,19}$/.test(value)) edits.set("seed", value); continue; }
      // Only what the page itself could have written.
      const before = valueAt(run0, path);
      if (path !== "storage.check" && (before === undefined || typeof before === "object")) continue;
      const typed = typeof before === "number" ? Number(value) : value;
      setValue(scenario, path, typed);
      edits.set(path, typed);
    }
    if (edits.size) { showKnobs(); runAgain(); }
  }
  if (parts.get("even")) toggleEven();
  if (parts.get("lesson")) startLesson();
  const seen = /^(\d+)-(\d+)$/.exec(parts.get("view") ?? "");
  if (seen) setView(Number(seen[1]), Number(seen[2]));
  const event = Number(parts.get("e") ?? -1);
  if (event >= 0 && event < run.events.length) select(event);
  else if (parts.get("t")) setCursor(Number(parts.get("t")) || 0);
}
