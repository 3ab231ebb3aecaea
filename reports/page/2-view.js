// The picture at any zoom. It was drawn once, by the program, with one place for each instant; here
// its elements are moved, without knowing what they are [reports/svg_timeline.hpp says which forms
// there are]. Two scales: the drawn one, where long gaps are short, and an even one.

const view = { from: 0, until: 1, even: false };  // times, in nanoseconds
let picture = null;   // the svg element
let movable = null;   // {rects, lines, texts, marks, fits}
let axisWidth = 0;    // pixels
let margin = 0;
let flyers = [];      // the lines of messages

const first = () => run.axis[0][0];
const last = () => run.axis[run.axis.length - 1][1];
const pieceAt = (key, value) => {
  const pieces = run.axis;
  let low = 0, high = pieces.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((key === "time" ? pieces[middle][1] : pieces[middle][2] + pieces[middle][3]) < value) low = middle + 1;
    else high = middle;
  }
  return pieces[low];
};
/** From a time to the drawn scale, in its pixels, and back. */
function drawnPlace(ns) {
  const [from, until, x, width] = pieceAt("time", ns);
  return (x + (width * (clamp(ns, from, until) - from)) / (until - from)) / 100;
}
function drawnTime(place) {
  const [from, until, x, width] = pieceAt("place", place * 100);
  return width === 0 ? from : from + ((until - from) * clamp(place * 100 - x, 0, width)) / width;
}
/** From a time to a place on the screen's axis, and back. */
function placeOf(ns) {
  if (view.even) return ((ns - view.from) / (view.until - view.from)) * axisWidth;
  const from = drawnPlace(view.from);
  return ((drawnPlace(ns) - from) / (drawnPlace(view.until) - from)) * axisWidth;
}
function timeAt(place) {
  if (view.even) return view.from + (place / axisWidth) * (view.until - view.from);
  const from = drawnPlace(view.from);
  return drawnTime(from + (place / axisWidth) * (drawnPlace(view.until) - from));
}

/** Remembers where everything was drawn. */
function readPicture() {
  picture = document.querySelector("#chart svg.picture");
  margin = Number(picture.dataset.margin);
  movable = { rects: [], lines: [], texts: [], marks: [], fits: [] };
  const number = (node, name) => Number(node.getAttribute(name));
  const visit = (group) => {
    for (const node of group.children) {
      if (node.tagName === "rect") movable.rects.push([node, number(node, "x"), number(node, "width")]);
      else if (node.tagName === "line") movable.lines.push([node, number(node, "x1"), number(node, "x2")]);
      else if (node.tagName === "text") movable.texts.push([node, number(node, "x")]);
      else if (node.classList.contains("fit")) {
        const texts = [...node.children].map((text) => [text, text.textContent.length * 7.1 + 8]);
        const anchor = node.firstElementChild?.getAttribute("text-anchor") ?? "start";
        movable.fits.push([node, Number(node.dataset.a), Number(node.dataset.b), texts, anchor]);
      } else if (node.hasAttribute("transform")) {
        const [, x, y] = /translate\((\S+) (\S+)\)/.exec(node.getAttribute("transform"));
        movable.marks.push([node, Number(x), y]);
      } else if (node.tagName === "g" && !node.classList.contains("ticks")) visit(node);
    }
  };
  visit(picture.querySelector(".time"));
  const time = picture.querySelector(".time");
  flyers = [...picture.querySelectorAll(".messages line.way")];
  time.append(svgNode("g", { id: "flying" }));
  const cursor = svgNode("g", { id: "cursor" });
  cursor.append(svgNode("line", { y1: 20, y2: height() - 4 }),
    svgNode("rect", { x: -34, y: 1, width: 68, height: 17, rx: 3 }),
    svgNode("text", { y: 14, "text-anchor": "middle" }));
  time.append(cursor);
  picture.setAttribute("tabindex", "0");
  picture.setAttribute("role", "group");
  picture.setAttribute("aria-label", "The picture. Arrow keys step from event to event, ? shows all keys.");
}

const height = () => Number(picture.getAttribute("viewBox").split(" ")[3]);

/** Puts everything where the view wants it; the cursor and what is said of it too, unless `sketchy`. */
function layout(sketchy = false) {
  const width = $("chart").clientWidth;
  const gutter = width < 620 ? 84 : Number(recordedGutter);
  axisWidth = Math.max(120, width - gutter - margin);
  picture.setAttribute("viewBox", `0 0 ${width} ${height()}`);
  picture.style.height = `${height()}px`;
  picture.classList.toggle("narrow", width < 620);
  picture.classList.toggle("even", view.even);
  const window = picture.querySelector(".window");
  window.setAttribute("x", gutter - margin);
  window.setAttribute("width", axisWidth + 2 * margin);

  // Each drawn place is looked up once: many elements share one.
  const known = new Map();
  const from = drawnPlace(view.from);
  const scale = axisWidth / (drawnPlace(view.until) - from || 1);
  const move = (x) => {
    if (!view.even) return (x - from) * scale;
    let place = known.get(x);
    if (place === undefined) known.set(x, (place = placeOf(drawnTime(x))));
    return place;
  };
  const far = 3 * axisWidth;  // coordinates beyond it help nobody
  const text = (value) => clamp(value, -far, far).toFixed(2);
  for (const [node, x, w] of movable.rects) {
    const left = clamp(move(x), -far, far);
    node.setAttribute("x", left.toFixed(2));
    node.setAttribute("width", Math.max(1.5, clamp(move(x + w), -far, far) - left).toFixed(2));
  }
  for (const [node, a, b] of movable.lines) {
    node.setAttribute("x1", move(a).toFixed(2));
    node.setAttribute("x2", move(b).toFixed(2));
  }
  for (const [node, x] of movable.texts) node.setAttribute("x", text(move(x)));
  for (const [node, x, y] of movable.marks) node.setAttribute("transform", `translate(${text(move(x))} ${y})`);
  for (const [, a, b, texts, anchor] of movable.fits) {
    // Words keep within what is seen of their band.
    const left = Math.max(move(a), 0), right = Math.min(move(b), axisWidth + margin);
    let found = false;
    for (const [node, wide] of texts) {
      const fits = !found && right - left >= wide;
      if (fits) {
        node.removeAttribute("display");
        node.setAttribute("x", text(anchor === "middle" ? (left + right) / 2 : anchor === "end" ? right - 6 : left + 6));
      } else node.setAttribute("display", "none");
      found = found || fits;
    }
  }
  drawTicks();
  drawCurtain();
  drawNoReturn();
  if (!sketchy) drawCursor();
  if (picture.dataset.crowded && core && !sketchy) later(lookCloser, 200);
}

let looked = "";  // what the picture shows closely; empty: all of the run, as it was drawn
/** Where bands are too many to be told apart, the core draws anew what is looked at. */
function lookCloser() {
  const whole = view.from <= first() && view.until >= last();
  const now = whole ? "" : `${run.digest} ${view.from} ${view.until}`;
  if (now === looked || !picture.dataset.crowded || twinShown) return;
  looked = now;
  const halves = (ns) => [ns % 2 ** 32, Math.trunc(ns / 2 ** 32)];
  core.locklab_window(...halves(Math.floor(view.from)), ...halves(Math.ceil(view.until)));
  const drawn = simulate(scenario, WINDOW, seedNow());
  if (!drawn.startsWith("<svg")) return;
  $("chart").innerHTML = drawn;
  readPicture();
  layout();
  dimOthers();
  wireBlocks();
}

function drawTicks() {
  const group = picture.querySelector(".ticks");
  group.replaceChildren();
  const bottom = height() - 4;
  const at = [];
  const step = (ns, pixels) => {
    // 1, 2, 5, 10, ... nanoseconds, so that the words do not touch.
    let size = 1;
    for (let round = 0; (size / ns) * pixels < 84 && size < ns; ++round) size = round % 3 === 1 ? (size / 2) * 5 : size * 2;
    return size;
  };
  const even = (from, until) => {
    const size = step(until - from, placeOf(until) - placeOf(from));
    for (let ns = Math.ceil(from / size) * size; ns <= until; ns += size) at.push(ns);
  };
  if (view.even) even(view.from, view.until);
  else
    for (const [from, until, , , shortened] of run.axis) {
      if (until < view.from || from > view.until) continue;
      if (from >= view.from) at.push(from);
      if (!shortened && placeOf(until) - placeOf(from) > 120) even(Math.max(from, view.from), Math.min(until, view.until));
    }
  at.push(view.until);
  at.sort((a, b) => a - b);
  let free = -margin;
  for (const ns of at) {
    const x = placeOf(ns);
    const words = shown(ns), wide = words.length * 8.2;
    const left = clamp(x - wide / 2, -margin, axisWidth + margin - wide);
    group.append(svgNode("line", { class: "tick", x1: x, x2: x, y1: 38, y2: bottom }));
    if (left < free) continue;
    const text = svgNode("text", { class: "time", x: left, y: 16 });
    text.textContent = words;
    group.append(text);
    free = left + wide + 7;
  }
}

function setView(from, until) {
  const least = Math.min(1e3, last() - first());
  const length = clamp(until - from, least, last() - first());
  view.from = clamp(from, first(), last() - length);
  view.until = view.from + length;
  layout();
  remember();
}

/** Zooms so that what is at `place` stays there. */
function zoom(factor, place = axisWidth / 2) {
  if (view.even) {
    const at = timeAt(place), length = (view.until - view.from) * factor;
    const from = at - (place / axisWidth) * length;
    return setView(from, from + length);
  }
  const from = drawnPlace(view.from), until = drawnPlace(view.until);
  const all = drawnPlace(last());
  const at = from + (place / axisWidth) * (until - from);
  const length = clamp((until - from) * factor, 2, all);
  const left = clamp(at - (place / axisWidth) * length, 0, all - length);
  setView(drawnTime(left), drawnTime(left + length));
}

function pan(pixels) {
  if (view.even) {
    const by = (pixels / axisWidth) * (view.until - view.from);
    return setView(view.from + by, view.until + by);
  }
  const from = drawnPlace(view.from), until = drawnPlace(view.until);
  const by = clamp((pixels / axisWidth) * (until - from), -from, drawnPlace(last()) - until);
  setView(drawnTime(from + by), drawnTime(until + by));
}

const recordedGutter = document.querySelector("#chart svg.picture").dataset.gutter;
