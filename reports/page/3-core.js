// The simulator itself, compiled to WebAssembly: the page has no model of its own. The module asks for
// the few WASI functions below and gets nothing from them; it sees no clock, no files, no network.

const VERDICT = 0, PARTS = 1, SKETCH = 3, WINDOW = 4, REASON = 5;
let core = null;

/** The module as a dense text: in the page, or in a file that the pages of a site share. */
async function coreText(place) {
  if (!place.dataset.src) return place.textContent;
  await new Promise((loaded, failed) => {
    const script = make("script", { src: place.dataset.src, onload: loaded });
    script.addEventListener("error", () => failed(new Error(`there is no ${place.dataset.src}`)));
    document.head.append(script);
  });
  return globalThis.locklabCore;
}

/** Starts the module; a worker gets the text of this function and of the next one, so they know nothing else. */
async function startCore(module) {
  const nothing = () => 0;
  const wasi = new Proxy({ proc_exit: (code) => { throw new Error(`the core ended with ${code}`); } },
    { get: (functions, name) => functions[name] ?? nothing });
  const imports = {};
  for (const { module: from, name } of WebAssembly.Module.imports(module)) (imports[from] ??= {})[name] = wasi[name];
  const instance = await WebAssembly.instantiate(module, imports);
  instance.exports._initialize?.();
  return instance.exports;
}

/** Runs a scenario; the answer's text. A seed is a decimal text, or null for the scenario's own. */
function askCore(core, scenario, wanted, seed) {
  const text = new TextEncoder().encode(JSON.stringify(scenario));
  const place = core.locklab_input(text.length) >>> 0;  // before its memory is looked at: it may grow
  new Uint8Array(core.memory.buffer, place, text.length).set(text);
  const number = BigInt(seed ?? 0);
  const size = core.locklab_run(wanted, seed === null ? 0 : 1, Number(number & 0xffffffffn), Number(number >> 32n));
  return new TextDecoder().decode(new Uint8Array(core.memory.buffer, core.locklab_output() >>> 0, size >>> 0));
}
const simulate = (scenario, wanted, seed = null) => askCore(core, scenario, wanted, seed);

let coreModule = null;
async function loadCore() {
  const place = $("core");
  if (!place || !run.scenario) return false;
  coreModule = await WebAssembly.compile(unpack(bytesOf(await coreText(place))));
  core = await startCore(coreModule);
  return true;
}

// ---- a second core, for what takes long ---------------------------------------------------------------------

let helper = null;
let answered = null;  // takes the answer, while one is waited for

/** Asks a core in a worker. Whoever asks before the last answer came gets it alone: the other question is given up. */
function askAside(scenario, wanted, seed) {
  if (answered) forgetHelper();
  if (!helper) {
    const script = `"use strict"; ${startCore} ${askCore} let core = null;
      onmessage = async ({ data: [module, scenario, wanted, seed] }) => {
        core ??= await startCore(module);
        postMessage(askCore(core, scenario, wanted, seed));
      };`;
    const address = URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
    helper = new Worker(address);
    URL.revokeObjectURL(address);
  }
  return new Promise((done, failed) => {
    answered = done;
    helper.onmessage = ({ data }) => { answered = null; done(data); };
    helper.onerror = (event) => { event.preventDefault(); forgetHelper(); failed(new Error(event.message)); };
    helper.postMessage([coreModule, scenario, wanted, seed]);
  });
}

function forgetHelper() {
  helper?.terminate();
  helper = answered = null;
}
