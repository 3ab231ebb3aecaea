// What if: the scenario's numbers can be changed, and the core runs it again at once. Nothing here
// knows how a lock works; it edits the scenario and asks.

let scenario = structuredClone(run.scenario);  // as it stands now
const edits = new Map();                       // path -> value: what --set would be told
let busy = 0;                                  // milliseconds that the last run took

const valueAt = (document, path) => path.split(".").reduce((node, key) => node?.[key], document);
function setValue(document, path, value) {
  const keys = path.split(".");
  const last = keys.pop();
  keys.reduce((node, key) => (node[key] ??= {}), document)[last] = value;
}

/** The numbers that a reader will want to change: {path, label, ns} or {path, label, number}. */
function knobs() {
  const all = [];
  const time = (path, label, also = {}) => {
    const ns = nanoseconds(valueAt(run0, path));
    if (ns !== null) all.push({ path, label, ns, ...also });
  };
  time("lock.ttl", "Lease (TTL)");
  (run0.faults ?? []).forEach((fault, index) => {
    const kind = Object.keys(fault).find((key) => key !== "at" && key !== "on");
    const what = fault[kind] ?? {};
    const who = [what.who, what.from, what.side_a, what.nodes].flat().filter(Boolean).join(", ");
    const name = `${kind.replaceAll("_", " ")}${who ? " of " + who : ""}`;
    time(`faults.${index}.at`, `${name}: begins`, { fault: index });
    for (const [key, words] of [["lasts", "lasts"], ["heals_after", "heals after"], ["restart_after", "restarts after"], ["by", "by"]])
      time(`faults.${index}.${kind}.${key}`, `${name}: ${words}`, { fault: index, signed: key === "by" });
    if (typeof what.rate_ppm === "number") all.push({ path: `faults.${index}.${kind}.rate_ppm`, label: `${name}: ppm`, number: what.rate_ppm, fault: index });
  });
  const rest = [];
  const walk = (node, path) => {
    if (node === null || typeof node !== "object") return;
    for (const [key, value] of Object.entries(node)) {
      const here = path ? `${path}.${key}` : key;
      if (["expect", "corpus", "remarks", "sources", "name", "title", "story", "$schema", "schema"].includes(here)) continue;
      if (typeof value === "object") walk(value, here);
      else if (!all.some((knob) => knob.path === here) && nanoseconds(value) !== null)
        rest.push({ path: here, label: here.replace(/\./g, " › "), ns: nanoseconds(value), rest: true });
    }
  };
  walk(run0, "");
  return all.concat(rest);
}
const run0 = run.scenario;  // as it was recorded

const fenced = (document) => (document.storage?.check ?? "document") !== "plain";

/** Runs the scenario as it stands and shows the result. */
function runAgain() {
  if (!core) return;
  const began = performance.now();
  const text = simulate(scenario, PARTS, seedNow());
  const parts = JSON.parse(text);
  busy = performance.now() - began;
  if (parts.error) {
    $("verdict").dataset.kind = "bad";
    $("verdict").firstElementChild.textContent = "✗ Cannot be run";
    $("verdict").lastElementChild.textContent = parts.error;
    showReason("");
    return;
  }
  show(partsOf(parts));
}

const partsOf = (parts) => ({ run: opened(parts.data), kind: parts["verdict-kind"], sign: parts["verdict-sign"], verdict: parts.verdict,
  picture: parts.picture, leftOut: parts["left-out"], story: parts.story, below: parts.below, footer: parts.footer });

const seedNow = () => edits.get("seed") ?? (run0 && String(run0.seed ?? 1) !== recorded.run.seed ? recorded.run.seed : null);

/** Puts a run on the page. */
function show(next) {
  const whole = view.from <= first() && view.until >= last();
  run = next.run;
  if (!run.scenario) run.scenario = scenario;
  showVerdict(next.kind, next.sign, next.verdict);
  looked = "";
  $("chart").innerHTML = next.picture;
  $("left-out").innerHTML = next.leftOut;
  $("below").innerHTML = next.below;
  $("footer").innerHTML = next.footer;
  $("digest").textContent = run.digest;
  $("seed").textContent = run.seed;
  currentStory = next.story;
  if (next.reason === undefined) { doubtReason(); later(explainAgain, 300); }
  else { forgetPending(explainAgain); showReason(next.reason); }
  state.why = null;
  state.selected = -1;
  document.documentElement.classList.toggle("edited", edits.size > 0);
  readPicture();
  keepView(whole);
  layout();
  showList();
  showCommand();
  later(showTwin, busy < 4 ? 0 : 200);
  showTiming();
  document.documentElement.classList.toggle("twin-shown", twinShown);
  if (!twinShown) {
    wireBlocks();
    later(decided, 250);
  }
  remember();
}

let waiting = 0;
let sketched = 0;  // milliseconds that the last sketch took
/** At once while that is cheap; otherwise a sketch at once, and all of it when the hand rests. */
function changed() {
  forgetDecided();
  forgetPending(showTwin);
  showKnobs();
  showCommand();
  clearTimeout(waiting);
  if (busy < 8 && run.events.length < 1500) return runAgain();
  waiting = setTimeout(runAgain, 180);
  if (sketched < 250) sketch();
}

/** Verdict and bands of the scenario as it stands; story, events and messages follow. */
function sketch() {
  const began = performance.now();
  const parts = JSON.parse(simulate(scenario, SKETCH, seedNow()));
  if (parts.error) return;
  const whole = view.from <= first() && view.until >= last();
  const { kind, sign, verdict, picture: drawn } = partsOf(parts);
  showVerdict(kind, sign, verdict);
  run = { ...run, ...parts.data };
  $("digest").textContent = run.digest;
  $("chart").innerHTML = drawn;
  keepView(whole);
  readPicture();
  layout(true);
  wireBlocks();
  doubtReason();
  forgetPending(explainAgain);
  document.documentElement.classList.add("edited");
  sketched = performance.now() - began;
}

/** All of a run stays all of it; otherwise the part that is looked at. */
function keepView(whole) {
  if (whole) [view.from, view.until] = [first(), last()];
  else [view.from, view.until] = [clamp(view.from, first(), last()), clamp(view.until, first() + 1, last())];
  state.cursor = clamp(state.cursor, first(), last());
}

function showVerdict(kind, sign, words) {
  $("verdict").dataset.kind = kind;
  $("verdict").firstElementChild.innerHTML = sign;
  if ($("verdict").lastElementChild.innerHTML !== words) $("verdict").lastElementChild.innerHTML = words;
}

function edit(path, value) {
  twinShown = false;
  if (path === "seed") edits.set("seed", String(value));
  else {
    setValue(scenario, path, value);
    const before = valueAt(run0, path) ?? (path === "storage.check" ? "document" : undefined);
    if (JSON.stringify(before) === JSON.stringify(value)) edits.delete(path);
    else edits.set(path, value);
  }
  changed();
}

function reset() {
  clearTimeout(waiting);
  twinShown = false;
  edits.clear();
  scenario = structuredClone(run0);
  showKnobs();
  show(recorded);
}

function showCommand() {
  const quote = (word) => (/^[\w\-./:=,+@%]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);
  let words = recorded.run.command;
  for (const [path, value] of edits) words += path === "seed" ? ` --seed ${value}` : ` --set ${quote(`${path}=${value}`)}`;
  $("command").textContent = words;
  $("edited").hidden = edits.size === 0;
}

function showTiming() {
  const note = $("alive");
  if (!note) return;
  note.textContent = edits.size ? `run again in ${busy < 1 ? "under 1" : Math.round(busy)} ms` : note.dataset.words;
}

// ---- sliders --------------------------------------------------------------------------------------------

let sliders = [];
function buildKnobs(into) {
  const row = (knob) => {
    const base = knob.ns ?? knob.number;
    const size = Math.abs(base) || 1e9;
    const grain = 10 ** Math.max(knob.ns === undefined ? 0 : 3, Math.floor(Math.log10(size)) - 2);
    const least = knob.signed || knob.number !== undefined ? -2 * size : 0;
    const input = make("input", { type: "range", min: Math.floor(least / grain), max: Math.ceil((2.5 * size) / grain), step: 1, "aria-label": knob.label });
    const output = make("output");
    input.addEventListener("input", () => {
      const value = Number(input.value) * grain;
      edit(knob.path, knob.ns === undefined ? value : duration(value));
    });
    sliders.push({ knob, input, output, grain });
    return make("label", {}, make("span", {}, knob.label), input, output);
  };
  const all = knobs();
  into.append(...all.filter((knob) => !knob.rest).slice(0, 8).map(row));
  const rest = all.filter((knob, index) => knob.rest).concat(all.filter((knob) => !knob.rest).slice(8));
  if (rest.length) into.append(make("details", {}, make("summary", {}, `${rest.length} more number${rest.length === 1 ? "" : "s"}`), make("div", { class: "knobs" }, ...rest.slice(0, 40).map(row))));
}

function showKnobs() {
  for (const { knob, input, output, grain } of sliders) {
    const value = valueAt(scenario, knob.path);
    const ns = knob.ns === undefined ? value : nanoseconds(value);
    input.value = Math.round(ns / grain);
    output.textContent = knob.ns === undefined ? String(value) : shown(ns);
    output.classList.toggle("changed", edits.has(knob.path));
  }
  for (const [id, wanted] of [["unfenced", false], ["fenced", true]])
    $(id)?.setAttribute("aria-pressed", String(fenced(scenario) === wanted));
}

// ---- faults can be dragged --------------------------------------------------------------------------------

function faultPaths(index) {
  const fault = scenario.faults?.[index];
  if (!fault) return null;
  const kind = Object.keys(fault).find((key) => key !== "at" && key !== "on");
  const length = ["lasts", "heals_after", "restart_after"].find((key) => fault[kind]?.[key] !== undefined);
  return { at: fault.at === undefined ? null : `faults.${index}.at`, length: length ? `faults.${index}.${kind}.${length}` : null };
}

function wireBlocks() {
  if (!core) return;
  for (const block of picture.querySelectorAll(".block[data-f]")) {
    const paths = faultPaths(Number(block.dataset.f));
    if (!paths || (!paths.at && !paths.length)) continue;
    block.classList.add("grab");
    block.setAttribute("tabindex", "0");
    block.setAttribute("role", "slider");
    const words = block.querySelector("title")?.textContent ?? "fault";
    block.setAttribute("aria-label", `${words}. Arrow keys move it, with Shift they change its length.`);
    block.setAttribute("aria-valuetext", words);
    block.setAttribute("aria-valuenow", "0");
    block.addEventListener("pointerdown", (event) => dragBlock(event, block, paths));
    block.addEventListener("keydown", (event) => {
      const sign = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (!sign) return;
      event.preventDefault();
      event.stopPropagation();
      const path = event.shiftKey ? paths.length : paths.at;
      if (!path) return;
      const ns = nanoseconds(valueAt(scenario, path));
      const grain = 10 ** Math.max(3, Math.floor(Math.log10(Math.max(ns, 1e6))) - 1);
      edit(path, duration(Math.max(0, Math.round(ns / grain) * grain + sign * grain)));
      picture.querySelector(`.block[data-f="${block.dataset.f}"]`)?.focus();
    });
  }
}

function dragBlock(down, block, paths) {
  down.preventDefault();
  down.stopPropagation();
  const box = block.getBoundingClientRect();
  const resize = paths.length && (!paths.at || down.clientX > box.right - Math.min(14, box.width / 3));
  const path = resize ? paths.length : paths.at;
  if (!path) return;
  // The axis may move under the hand: the one at the beginning counts until the hand lets go.
  const axis = run.axis, { from, until, even } = view, width = axisWidth;
  const left = picture.querySelector(".time").getScreenCTM().e;
  const timeThen = (clientX) => {
    const now = [run.axis, view.from, view.until, view.even, axisWidth];
    run.axis = axis; view.from = from; view.until = until; view.even = even; axisWidth = width;
    const ns = timeAt(clientX - left);
    [run.axis, view.from, view.until, view.even, axisWidth] = now;
    return ns;
  };
  const began = timeThen(down.clientX), before = nanoseconds(valueAt(scenario, path));
  const move = (event) => {
    const by = timeThen(clamp(event.clientX, left, left + width)) - began;
    const grain = Math.max(1e3, 10 ** (Math.floor(Math.log10(Math.max(Math.abs(by), 1e6))) - 1));
    const value = Math.max(0, Math.round((before + by) / grain) * grain);
    if (nanoseconds(valueAt(scenario, path)) !== value) edit(path, duration(value));
  };
  const up = () => { removeEventListener("pointermove", move); removeEventListener("pointerup", up); };
  addEventListener("pointermove", move);
  addEventListener("pointerup", up);
}
