// The same faults under other conditions: storage that checks tokens or does not, the nearest changes
// that would have turned the end, and how long that end could still have been avoided. All of it by
// running the scenario again, a little at a time, so that the page stays quick.

const outcome = (document, seed = seedNow()) => JSON.parse(simulate(document, VERDICT, seed));
const key = (result) => (result.error ? "error" : [...result.violated].sort().join(","));
const damaged = (names) => names.includes("stale_write") || names.includes("lost_update");

let pending = {};
function later(work, after) {
  clearTimeout(pending[work.name]);
  pending[work.name] = setTimeout(work, after);
}

const forgetPending = (work) => clearTimeout(pending[work.name]);

function withOtherCheck() {
  const other = structuredClone(scenario);
  setValue(other, "storage.check", fenced(scenario) ? "plain" : "document");
  return other;
}

function showTwin() {
  const card = $("twin");
  if (!core || !card) return;
  card.replaceChildren();
  const twin = recorded.run.twin;
  if (twin) {
    const mended = twin.name.endsWith("+fixed");
    const result = outcome(twin.scenario, null);
    const words = result.violated?.length ? `${result.violated.map((name) => name.replaceAll("_", " ")).join(" and ")} violated.` : "nothing is violated.";
    card.append(make("p", {}, mended ? "The same schedule with the fix: " : "The same schedule without the fix: ",
      make("strong", { class: result.violated?.length ? "bad" : "" }, words), make("br"), make("code", {}, `locklab run ${twin.name}`)),
    make("button", { type: "button", onclick: toggleTwin }, twinShown ? "Back to this run" : mended ? "See it with the fix" : "See it without the fix"));
  }
  const writes = run.events.some((event) => ["write_accepted", "write_rejected"].includes(run.kinds[event[KIND]]));
  const result = writes && !twinShown ? outcome(withOtherCheck()) : { error: "none" };
  if (!result.error) {
    const bad = damaged(result.violated);
    const words = bad ? "the late write is taken and an update is lost."
      : result.violated.length ? "the lock is broken in the same way, but no update is lost." : "nothing is violated.";
    const same = result.violated.join() === [...new Set(run.findings.map((finding) => finding[2]))].join();
    card.append(make("p", { class: twin ? "apart" : "" }, `The same faults with a storage that ${fenced(scenario) ? "does not check" : "checks"} fencing tokens: `,
      make("strong", { class: bad ? "bad" : "" }, words), same ? " Here the check makes no difference." : ""),
    make("button", { type: "button", onclick: () => edit("storage.check", fenced(scenario) ? "plain" : "document") },
      fenced(scenario) ? "Run it without the check" : "Run it with the check"));
  }
  if (card.childElementCount) card.prepend(make("h2", {}, "The twin"));
  card.hidden = card.childElementCount === 0;
}

let twinShown = false;
/** The twin in the place of this run; what can be changed is this run's and waits. */
function toggleTwin() {
  twinShown = !twinShown;
  if (!twinShown) return edits.size ? runAgain() : show(recorded);
  const parts = JSON.parse(simulate(recorded.run.twin.scenario, PARTS));
  if (!parts.error) show(partsOf(parts));
  $("command").textContent = `locklab run ${recorded.run.twin.name}`;
}

// ---- the nearest repairs ---------------------------------------------------------------------------------

/** The smallest change of one number that turns the end, in either direction; null: none in reach. */
function* nearest(knob, now) {
  const base = nanoseconds(valueAt(scenario, knob.path));
  if (base === null) return null;
  const turns = (ns) => {
    const other = structuredClone(scenario);
    setValue(other, knob.path, duration(ns));
    const result = outcome(other);
    return !result.error && (result.violated.length > 0) !== now;
  };
  for (let by = 1e6; by <= Math.max(4 * base, 2e10); by *= 2) {
    for (const sign of [-1, 1]) {
      const ns = base + sign * by;
      if (ns < 0) continue;
      yield;
      if (!turns(ns)) continue;
      let near = base + (sign * by) / 2, far = ns;
      if (by === 1e6) near = base;
      while (Math.abs(far - near) > 1e6) {
        const middle = Math.round((near + far) / 2e6) * 1e6;
        if (middle === near || middle === far) break;
        if (turns(middle)) far = middle;
        else near = middle;
        yield;
      }
      return { knob, ns: far, by: far - base };
    }
  }
  return null;
}

/** Futures from time t on: what is past stays, what the faults still do is drawn anew. */
function future(ns, random) {
  const other = structuredClone(scenario);
  other.faults = (other.faults ?? []).flatMap((fault) => {
    const at = fault.at === undefined ? null : nanoseconds(fault.at);
    const kind = Object.keys(fault).find((name) => name !== "at" && name !== "on");
    const length = ["lasts", "heals_after", "restart_after"].find((name) => fault[kind]?.[name] !== undefined);
    if (at === null) return [fault];
    if (at >= ns) {
      if (random() < 0.25) return [];
      fault.at = duration(Math.round((ns + (at - ns) * 2 * random()) / 1e3) * 1e3);
      if (length) fault[kind][length] = duration(Math.max(1e3, Math.round((nanoseconds(fault[kind][length]) * 2 * random()) / 1e3) * 1e3));
    } else if (length) {
      const done = ns - at, all = nanoseconds(fault[kind][length]);
      if (all > done) fault[kind][length] = duration(Math.max(1e3, Math.round((done + (all - done) * 2 * random()) / 1e3) * 1e3));
    }
    return [fault];
  });
  return other;
}

let generation = 0;
/** What it works at belongs to another run, and the hand needs the time. */
function forgetDecided() {
  ++generation;
  forgetPending(decided);
}
/** Bad endings over time, and the nearest repairs: in small pieces, given up when the run changes. */
async function decided() {
  const card = $("decided");
  if (!core || !card || busy > 60) return;
  const mine = ++generation;
  const idle = async () => { await new Promise((done) => setTimeout(done)); return mine === generation; };
  const now = run.findings.length > 0;
  const began = performance.now();
  const found = [];
  for (const knob of knobs().filter((one) => one.ns !== undefined && !one.rest && !one.signed)) {
    const search = nearest(knob, now);
    let tick = performance.now(), at = search.next();
    while (!at.done) {
      if (performance.now() - tick > 12) { if (!(await idle())) return; tick = performance.now(); }
      at = search.next();
    }
    if (at.value) found.push(at.value);
    if (performance.now() - began > 3000) break;
  }
  found.sort((a, b) => Math.abs(a.by) - Math.abs(b.by));

  const timed = (scenario.faults ?? []).filter((fault) => fault.at !== undefined);
  const points = [];
  if (timed.length) {
    const instants = [...new Set(run.events.map((event) => event[AT]).concat(first(), last()))].sort((a, b) => a - b);
    const wanted = 36, futures = busy < 4 ? 24 : 10;
    for (let i = 0; i < wanted; ++i) {
      const ns = drawnTime((drawnPlace(last()) * i) / (wanted - 1));
      let seed = 12345 + i, bad = 0;
      const random = () => { seed = (seed * 1103515245 + 12345) % 2147483648; return seed / 2147483648; };
      for (let j = 0; j < futures; ++j) {
        const result = outcome(future(ns, random));
        bad += !result.error && result.violated.length > 0 ? 1 : 0;
        if (j % 4 === 3 && !(await idle())) return;
      }
      points.push([ns, bad / futures]);
    }
  }
  if (!(await idle())) return;
  drawDecided(card, points, found, now);
}

function drawDecided(card, points, found, now) {
  card.replaceChildren();
  if (points.length) {
    const wide = 620, high = 74;
    const x = (ns) => (drawnPlace(ns) / drawnPlace(last())) * wide;
    const y = (share) => 8 + (1 - share) * (high - 14);
    const chart = svgNode("svg", { class: "picture odds", viewBox: `0 0 ${wide} ${high}`, role: "img" });
    const path = points.map(([ns, share], i) => (i ? `H${x(ns).toFixed(1)}V${y(share).toFixed(1)}` : `M${x(ns).toFixed(1)} ${y(share).toFixed(1)}`)).join("");
    chart.append(svgNode("path", { class: "area", d: `${path}V${y(0)}H0z` }), svgNode("path", { class: "odds-line", d: path }),
      svgNode("line", { class: "ruler", x1: 0, x2: wide, y1: y(0), y2: y(0) }));
    const sealed = points.findIndex((_, i) => points.slice(i).every(([, share]) => share === (now ? 1 : 0)));
    let words = "";
    if (sealed > 0 && sealed < points.length - 1) {
      words = now ? `No way back after ${shown(Math.round(points[sealed][0] / 1e6) * 1e6)}.` : `Out of danger from ${shown(Math.round(points[sealed][0] / 1e6) * 1e6)} on.`;
      chart.append(svgNode("line", { class: "sealed", x1: x(points[sealed][0]), x2: x(points[sealed][0]), y1: 2, y2: y(0) }));
    }
    if (sealed === 0) words = now ? "It was decided from the beginning: whatever these faults do, it ends so." : "It was never in danger from these faults.";
    chart.setAttribute("aria-label", `Share of futures that end badly, over time. ${words}`);
    card.append(make("h2", {}, "When it was decided"), chart,
      make("p", { class: "meta" }, make("strong", {}, words ? words + " " : ""), "Of futures that share the past until then, and in which the scenario’s faults strike a little otherwise or not at all, so many end with a violation."));
  }
  card.append(make("h2", {}, now ? "What would have prevented it" : "What would have broken it"));
  if (found.length)
    card.append(make("ul", { class: "repairs" }, ...found.slice(0, 5).map(({ knob, ns, by }) =>
      make("li", {}, make("button", { type: "button", onclick: () => edit(knob.path, duration(ns)) }, `${knob.label}: ${shown(ns)}`), ` ${by > 0 ? "or more" : "or less"}; ${shown(Math.abs(by))} ${by > 0 ? "above" : "below"} what it was`))));
  else card.append(make("p", {}, "No single number of this scenario, within reach."));
  card.hidden = false;
}
