// From a page that can be read to one that answers.

document.documentElement.classList.add("alive");
buildControls();
readPicture();
view.from = first();
view.until = last();
// Where it went wrong is where one wants to look first; where nothing did, at the end.
state.cursor = run.findings.length ? run.findings[0][0] : last();
state.selected = run.events.findIndex((event) => run.kinds[event[KIND]] === "violation_began" && event[AT] === state.cursor);
readStory();
layout();
wirePicture();

// Whoever opens a page wants to read first: unpacking the core waits until it was painted; in a page that
// is not looked at, which nobody paints, not for long.
const painted = new Promise((done) => { requestAnimationFrame(() => setTimeout(done)); setTimeout(done, 300); });

painted.then(loadCore).then((alive) => {
  const note = $("alive");
  if (alive) {
    // The same code as the program's gives the same run, to the last bit; if not, say so and only show.
    const began = performance.now();
    const again = JSON.parse(simulate(scenario, VERDICT, seedNow()));
    const quick = performance.now() - began < 25;
    if (again.digest !== run.digest) {
      core = null;
      note.textContent = "The core in this page gives another run than the one recorded; the page only shows.";
    } else {
      note.dataset.words = "live: run again here with the same digest";
      note.textContent = note.dataset.words;
      buildWhatIf();
      wireBlocks();
      showTwin();
      // Browsers compile a function when it is first called: the first drag need not wait for that.
      if (quick) later(function warmUp() { simulate(scenario, SKETCH, seedNow()); }, 50);
      later(decided, 400);
    }
  } else note.textContent = run.scenario ? "This page only shows; it was written without the core." : "This page only shows.";
  performance.mark("alive");
  document.documentElement.dataset.ready = alive && core ? "live" : "static";
  recall();
}, (error) => {
  $("alive").textContent = `The core could not be started (${error.message}); the page only shows.`;
  performance.mark("alive");
  document.documentElement.dataset.ready = "static";
  recall();
});
