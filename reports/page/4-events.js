// The cursor, the selected event and why it came to that, the story, and the list of all events.

const state = { cursor: 0, selected: -1, why: null, all: false, query: "", who: "", kind: "", shownRows: 300 };

function setCursor(ns, selected = -1) {
  moved = true;
  state.cursor = clamp(ns, first(), lesson.on ? lesson.from : last());
  state.selected = selected;
  if (state.cursor < view.from || state.cursor > view.until) {
    const half = (view.until - view.from) / 2;
    setView(state.cursor - half, state.cursor + half);
  }
  drawCursor();
  remember();
}

function select(event) {
  setCursor(run.events[event][AT], event);
  if (state.why) showWhy(event);
}

function drawCursor() {
  const x = placeOf(state.cursor);
  const cursor = $("cursor");
  cursor.setAttribute("transform", `translate(${x.toFixed(2)} 0)`);
  const words = shown(Math.round(state.cursor));
  const box = cursor.children[1], text = cursor.children[2];
  const half = words.length * 3.7 + 6;
  const shift = clamp(x, half - margin, axisWidth + margin - half) - x;
  box.setAttribute("x", shift - half);
  box.setAttribute("width", 2 * half);
  text.setAttribute("x", shift);
  text.textContent = words;
  drawFlying();
  markStory();
  showNow();
}

/** A dot on each message that is under way at the cursor. */
function drawFlying() {
  const group = $("flying");
  group.replaceChildren();
  const x = placeOf(state.cursor);
  for (const line of flyers) {
    const x1 = Number(line.getAttribute("x1")), x2 = Number(line.getAttribute("x2"));
    if (x < x1 || x > x2 || x1 === x2) continue;
    const y1 = Number(line.getAttribute("y1")), y2 = Number(line.getAttribute("y2"));
    group.append(svgNode("circle", { cx: x, cy: y1 + ((y2 - y1) * (x - x1)) / (x2 - x1), r: 5 }));
  }
}

// ---- the story --------------------------------------------------------------------------------------

let storyLines = [];  // [li, time, event]
function readStory() {
  storyLines = [...$("story").children].filter((li) => li.dataset.t !== undefined)
    .map((li) => [li, Number(li.dataset.t), Number(li.dataset.e)]);
}

function markStory() {
  let current = null;
  for (const line of storyLines) {
    const [li, at, event] = line;
    li.classList.toggle("future", at > state.cursor);
    li.classList.toggle("why", state.why?.has(event) ?? false);
    if (li.hasAttribute("aria-current")) li.removeAttribute("aria-current");
    if (at <= state.cursor) current = event === state.selected || current?.[2] !== state.selected ? line : current;
  }
  if (!current) return;
  current[0].setAttribute("aria-current", "step");
  const list = $("story"), top = current[0].offsetTop - list.offsetTop;
  if (list.scrollHeight > list.clientHeight && (top < list.scrollTop || top > list.scrollTop + list.clientHeight - 60))
    list.scrollTop = top - list.clientHeight / 2;
}

const matches = (event) =>
  (!state.who || event[PROCESS] === Number(state.who)) && (!state.kind || event[KIND] === Number(state.kind)) &&
  (!state.query || event[SENTENCE].toLowerCase().includes(state.query) || run.kinds[event[KIND]].includes(state.query));

/** The story, or every event that the filters let through. */
function showList() {
  const filtered = state.all || state.query || state.who || state.kind;
  if (!filtered) {
    $("story").innerHTML = currentStory;
  } else {
    const rows = [];
    let more = 0;
    run.events.forEach((event, index) => {
      if (!matches(event)) return;
      if (rows.length >= state.shownRows) return void ++more;
      const hue = hueOf(event[PROCESS]);
      rows.push(make("li", { class: `plain-line ${hue}`, "data-e": index, "data-t": event[AT] },
        make("time", {}, shown(event[AT])), make("span", { class: "sign" }), make("span", {}, event[SENTENCE])));
    });
    $("story").replaceChildren(...rows);
    if (rows.length === 0) $("story").append(make("li", {}, "", make("span"), make("span", {}, "No event is like that.")));
    if (more > 0)
      $("story").append(make("li", {}, make("span"), make("span"),
        make("button", { type: "button", onclick: () => { state.shownRows += 1000; showList(); } }, `${more} more`)));
  }
  readStory();
  hideFuture();
  dimOthers();
  markStory();
}
let currentStory = recorded.story;

function hueOf(process) {
  if (run.processes[process - 1]?.role !== "client") return "h-none";
  let hue = 0;
  for (let i = 0; i < process - 1; ++i) if (run.processes[i].role === "client") ++hue;
  return `h${hue % 6}`;
}

/** What the filters hide, or what is no cause of the event in question, stands back. */
function dimOthers() {
  const who = state.who;
  for (const node of picture.querySelectorAll("[data-p]")) {
    const about = node.dataset.p.split(" ");
    let dim = who && !about.includes(who) && about[0] !== "0";
    if (state.why && node.tagName === "line" && !state.why.has(Number(node.dataset.e))) dim = true;
    node.classList.toggle("dim", Boolean(dim));
  }
}

// ---- why ----------------------------------------------------------------------------------------------

function showWhy(event) {
  state.why = event < 0 ? null : causesOf(event);
  $("why")?.setAttribute("aria-pressed", String(state.why !== null));
  dimOthers();
  markStory();
  showNow();
}

function currentEvent() {
  return state.selected >= 0 ? state.selected : eventAt(state.cursor);
}

// ---- what is so at the cursor ---------------------------------------------------------------------------

function showNow() {
  const now = state.cursor;
  const within = (from, until) => now >= from && now < until;
  const rows = [];
  const event = currentEvent();
  run.processes.forEach((process, index) => {
    if (process.role !== "client") return;
    const number = index + 1;
    const holds = run.beliefs.filter((b) => b[0] === number && within(b[1], b[2]));
    const still = run.standstills.find((s) => s[0] === number && within(s[1], s[2]));
    let words = "holds nothing", wrong = false;
    for (const [, , , token, parts] of holds) {
      wrong = parts.some(([from, until]) => within(from, until));
      words = wrong ? "believes that it holds the lock, wrongly" : "holds the lock";
      if (token) words += ` (token ${token})`;
    }
    if (still) words += still[3] === 2 ? ", is down" : still[3] === 1 ? ", machine suspended" : ", is paused";
    rows.push(make("tr", { class: hueOf(number) }, make("th", { scope: "row" }, process.name),
      make("td", { class: wrong ? "bad" : "" }, words)));
  });
  for (const [client, from, until, lock] of run.owners)
    if (within(from, until)) rows.push(make("tr", {}, make("th", { scope: "row" }, lock), make("td", {}, `is ${processName(client)}’s at the service`)));
  const flying = $("flying").childElementCount;
  if (flying) rows.push(make("tr", {}, make("th", { scope: "row" }, "under way"), make("td", {}, `${flying} message${flying === 1 ? "" : "s"}`)));
  const parts = [make("h2", {}, `At ${shown(Math.round(now))}`), make("table", {}, make("tbody", {}, ...rows.slice(0, 14)))];
  if (event >= 0) {
    const item = run.events[event];
    const clock = item[CLOCK] && item[PROCESS] ? ` Its own clock shows ${shown(item[AT] + item[CLOCK])}.` : "";
    parts.push(make("p", { class: "event", id: "event-words" }, `${shown(item[AT])}: ${item[SENTENCE]}.${clock}`));
    if (state.why) {
      const chain = [...causesOf(event)].filter((other) => other !== event);
      parts.push(make("p", { class: "meta" }, chain.length ? `${chain.length} steps led to this, the nearest first:` : "Nothing led to this: it is a beginning."));
      parts.push(make("ol", { class: "causes" }, ...chain.slice(0, 12).map((other) =>
        make("li", {}, make("button", { type: "button", class: "link", onclick: () => select(other) },
          `${shown(run.events[other][AT])}: ${run.events[other][SENTENCE]}`)))));
    }
  }
  $("now").replaceChildren(...parts);
}

/** To the next event, or the one before. */
function step(by) {
  let event = currentEvent() + by;
  while (event >= 0 && event < run.events.length && !matches(run.events[event])) event += by;
  if (event >= 0 && event < run.events.length) select(event);
}

function nextViolation() {
  const kind = run.kinds.indexOf("violation_began");
  const all = run.events.map((event, index) => (event[KIND] === kind ? index : -1)).filter((index) => index >= 0);
  if (all.length) select(all.find((index) => index > currentEvent()) ?? all[0]);
}
