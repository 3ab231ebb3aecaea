// The run that the page shows, as reports/page_data_json.hpp wrote it, and small tools for all.
// These files become one script, in the order of their numbers; they share one scope.

const $ = (id) => document.getElementById(id);

/** An element: make("button", {type: "button", onclick: f}, "Go", child). Text stays text. */
function make(name, properties = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (value === true) node.setAttribute(key, "");
    else if (value !== false && value != null) node.setAttribute(key, value);
  }
  node.append(...children.filter((child) => child != null));
  return node;
}

const svgNode = (name, attributes = {}) => {
  const node = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  return node;
};

/** Places in an event's list. */
const AT = 0, PROCESS = 1, KIND = 2, CAUSE = 3, CLOCK = 4, SENTENCE = 5;

/** A run as the scripts have it: what the file keeps short [reports/page_data_json.hpp] is written out. A sketch has no events. */
function opened(data) {
  let at = 0;
  data.events?.forEach((event, index) => {
    event[AT] = at += event[AT];
    event[CAUSE] = event[CAUSE] === 0 ? -1 : index - event[CAUSE];
    event[SENTENCE] = data.sentences[event[SENTENCE]];
  });
  return data;
}

let run = opened(JSON.parse($("data").textContent));

/** What the page was written with, to come back to. */
const recorded = {
  run,
  kind: $("verdict").dataset.kind,
  sign: $("verdict").firstElementChild.innerHTML,
  verdict: $("verdict").lastElementChild.innerHTML,
  picture: $("chart").innerHTML,
  leftOut: $("left-out").innerHTML,
  story: $("story").innerHTML,
  below: $("below").innerHTML,
  reason: $("reason").innerHTML,
  footer: $("footer").innerHTML,
};

/** "9973ms", "0.5ms": as the program writes times. */
function shown(ns) {
  const sign = ns < 0 ? "-" : "";
  const size = Math.abs(ns);
  if (size >= 1e11 && size % 1e9 === 0) return `${sign}${size / 1e9}s`;
  const us = Math.trunc(size / 1e3);
  if (us === 0 && size !== 0) return `${sign}${size}ns`;
  const fraction = String(us % 1000).padStart(3, "0").replace(/0+$/, "");
  return `${sign}${Math.trunc(us / 1000)}${fraction ? "." + fraction : ""}ms`;
}

/** "1.5s" in nanoseconds; null for what is no duration. */
function nanoseconds(text) {
  const units = { ns: 1, us: 1e3, ms: 1e6, s: 1e9, min: 6e10, h: 3.6e12 };
  const match = /^([+-]?\d+(?:\.\d+)?)(ns|us|ms|s|min|h)$/.exec(String(text));
  return match ? Math.round(Number(match[1]) * units[match[2]]) : null;
}

/** Nanoseconds as a scenario has them: "1500ms", "500us". */
function duration(ns) {
  if (ns % 1e6 === 0) return `${ns / 1e6}ms`;
  if (ns % 1e3 === 0) return `${ns / 1e3}us`;
  return `${ns}ns`;
}

const clamp = (value, least, most) => Math.min(Math.max(value, least), most);
const processName = (number) => (number ? run.processes[number - 1]?.name ?? `process ${number}` : "the world");

/** The last event at or before a time; -1: none. */
function eventAt(ns) {
  let low = 0, high = run.events.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (run.events[middle][AT] <= ns) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** All events that led to this one, itself included. */
function causesOf(event) {
  const all = new Set();
  for (let at = event; at >= 0 && !all.has(at); at = run.events[at][CAUSE]) all.add(at);
  return all;
}
