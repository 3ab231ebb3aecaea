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

function showReason(markup) {
  $("reason").innerHTML = markup;
  $("reason").removeAttribute("aria-busy");
  wireReason();
}

/** What stands there is of another run. */
function doubtReason() {
  if (answered) forgetHelper();
  if ($("reason").childElementCount) $("reason").setAttribute("aria-busy", "true");
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
