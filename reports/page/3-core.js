// The simulator itself, compiled to WebAssembly: the page has no model of its own. The module asks for
// the few WASI functions below and gets nothing from them; it sees no clock, no files, no network.

const VERDICT = 0, PARTS = 1, SKETCH = 3, WINDOW = 4;
let core = null;

/** The module as base64: in the page, or in a file that the pages of a site share. */
async function coreText(place) {
  if (!place.dataset.src) return place.textContent.trim();
  await new Promise((loaded, failed) => {
    const script = make("script", { src: place.dataset.src, onload: loaded });
    script.addEventListener("error", () => failed(new Error(`there is no ${place.dataset.src}`)));
    document.head.append(script);
  });
  return globalThis.locklabCore;
}

async function loadCore() {
  const place = $("core");
  if (!place || !run.scenario || typeof DecompressionStream === "undefined") return false;
  const bytes = Uint8Array.from(atob(await coreText(place)), (c) => c.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  const module = await WebAssembly.compile(await new Response(stream).arrayBuffer());
  const nothing = () => 0;
  const wasi = new Proxy({ proc_exit: (code) => { throw new Error(`the core ended with ${code}`); } },
    { get: (functions, name) => functions[name] ?? nothing });
  const imports = {};
  for (const { module: from, name } of WebAssembly.Module.imports(module)) (imports[from] ??= {})[name] = wasi[name];
  const instance = await WebAssembly.instantiate(module, imports);
  instance.exports._initialize?.();
  core = instance.exports;
  return true;
}

/** Runs a scenario; the answer's text. A seed is a decimal text, or null for the scenario's own. */
function simulate(scenario, wanted, seed = null) {
  const text = new TextEncoder().encode(JSON.stringify(scenario));
  const place = core.locklab_input(text.length) >>> 0;  // before its memory is looked at: it may grow
  new Uint8Array(core.memory.buffer, place, text.length).set(text);
  const number = BigInt(seed ?? 0);
  const size = core.locklab_run(wanted, seed === null ? 0 : 1, Number(number & 0xffffffffn), Number(number >> 32n));
  return new TextDecoder().decode(new Uint8Array(core.memory.buffer, core.locklab_output() >>> 0, size >>> 0));
}
