// Why it came to this. Of the recorded run the program has found it out; of a changed one the core does,
// in a worker, since it takes hundreds of runs. Until then the page says so: no explanation stands
// beside a run that it does not belong to.

/** A step that is opened is looked at in the picture, with what led to it; so is a cause. */
function wireReason() {
  for (const cause of $("reason").querySelectorAll(".causes li[data-e]")) {
    const event = Number(cause.dataset.e);
    cause.replaceChildren(make("button", { type: "button", class: "link", onclick: () => select(event) }, cause.textContent));
  }
}

/** A line where it was decided; drawn anew with each layout, and not given away by a lesson. */
function drawNoReturn() {
  picture.querySelector("#no-return")?.remove();
  const lost = $("reason").hasAttribute("aria-busy") ? undefined : $("reason").firstElementChild?.dataset.lost;
  const shown = lost !== undefined && !lesson.on;
  $("no-return-words").hidden = !shown;
  if (!shown) return;
  const x = placeOf(Number(lost));
  picture.querySelector(".time").prepend(svgNode("line", { id: "no-return", x1: x, x2: x, y1: 38, y2: height() - 4 }));
}

const mark = svgNode("svg", { class: "picture", viewBox: "0 0 34 14", "aria-hidden": "true" });
mark.append(svgNode("line", { class: "no-return", x1: 2, x2: 32, y1: 7, y2: 7 }));
document.querySelector(".legend").append(make("li", { id: "no-return-words", hidden: true }, mark, "point of no return"));

function showReason(markup) {
  $("reason").innerHTML = markup;
  $("reason").removeAttribute("aria-busy");
  wireReason();
  drawNoReturn();
}

/** What stands there is of another run. */
function doubtReason() {
  if (answered) forgetHelper();
  if (!$("reason").childElementCount) return;
  $("reason").setAttribute("aria-busy", "true");
  drawNoReturn();
}

async function explainAgain() {
  const asked = run.digest;
  const [document, seed] = twinShown ? [recorded.run.twin.scenario, null] : [scenario, seedNow()];
  try {
    const markup = await askAside(document, REASON, seed);
    if (run.digest === asked && document === (twinShown ? recorded.run.twin.scenario : scenario)) showReason(markup);
  } catch {
    $("reason").removeAttribute("aria-busy");
    $("reason").replaceChildren(make("p", { class: "card meta" }, "Why it came to this is known of the recorded run alone. ",
      make("button", { type: "button", onclick: reset }, "As recorded")));
  }
}

$("reason").addEventListener("toggle", (event) => {
  const step = event.target.closest("li[data-e]");
  if (!step) return;
  if (!event.target.open) return showWhy(-1);
  select(Number(step.dataset.e));
  showWhy(Number(step.dataset.e));
}, true);
wireReason();
