// Lesson mode: choose what will happen before it is shown. The picture is covered from the first
// fault on, verdict, story and findings wait; a choice uncovers them and says whether it was right.
// Nothing here knows the answer but from the run itself.

const CHOICES = [
  ["good", "Nothing breaks"],
  ["broken", "Something breaks, but no data is lost"],
  ["bad", "Data is lost"],
];

const lesson = { on: false, from: 0 };

/** Where a reader has seen enough to guess: a little after the first fault, or else after the first grant. */
function lessonBegins() {
  const of = (...names) => run.events.find((event) => names.includes(run.kinds[event[KIND]]));
  const fault = of("fault_struck", "process_paused", "process_crashed", "link_cut", "clock_changed");
  const event = fault ?? of("lock_granted") ?? run.events[0];
  return event ? event[AT] : first();
}

/** Covers what comes after; drawn anew with each layout. */
function drawCurtain() {
  picture.querySelector("#curtain")?.remove();
  if (!lesson.on) return;
  const x = placeOf(lesson.from) + 8;
  const curtain = svgNode("g", { id: "curtain" });
  curtain.append(svgNode("rect", { x, y: 39, width: Math.max(0, axisWidth + 2 * margin - x), height: height() - 39 }),
    svgNode("text", { x: (x + axisWidth) / 2, y: height() / 2, "text-anchor": "middle" }));
  curtain.lastChild.textContent = "What happens next?";
  picture.querySelector(".time").append(curtain);
}

function startLesson() {
  lesson.on = true;
  lesson.from = lessonBegins();
  document.documentElement.classList.add("lesson");
  $("lesson").setAttribute("aria-pressed", "true");
  setView(first(), last());
  setCursor(lesson.from);
  const ask = make("section", { id: "question", class: "question screen", "aria-labelledby": "question-words" },
    make("h2", { id: "question-words" }, "What will happen?"),
    make("p", {}, `The run is shown until ${shown(lesson.from)}. Choose before you look on.`),
    make("div", { class: "choices" }, ...CHOICES.map(([kind, words]) =>
      make("button", { type: "button", onclick: () => answer(kind) }, words))),
    make("p", { id: "answer", role: "status" }));
  $("question")?.remove();
  $("verdict").after(ask);
  hideFuture();
  layout();
  remember();
}

/** Lines of the story that have not happened yet are hidden, not only pale. */
function hideFuture() {
  for (const [li, at] of storyLines) li.hidden = lesson.on && at > lesson.from;
}

function answer(chosen) {
  const kind = $("verdict").dataset.kind;
  const words = CHOICES.find(([name]) => name === kind)[1];
  endLesson();
  for (const button of $("question").querySelectorAll(".choices button")) {
    button.disabled = true;
    if (button.textContent === words) button.classList.add("right");
  }
  $("answer").replaceChildren(make("strong", {}, chosen === kind ? "Right. " : "Not so. "),
    chosen === kind ? "See below why." : `${words}.`, " ",
    make("button", { type: "button", onclick: startLesson }, "Ask again"));
  if (!matchMedia("(prefers-reduced-motion: reduce)").matches) play();
  else setCursor(run.findings.length ? run.findings[0][0] : last());
}

function endLesson() {
  lesson.on = false;
  document.documentElement.classList.remove("lesson");
  $("lesson").setAttribute("aria-pressed", "false");
  hideFuture();
  layout();
  remember();
}

function toggleLesson() {
  if (!lesson.on) return startLesson();
  endLesson();
  $("question").remove();
}
