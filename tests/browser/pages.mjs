// Pages in a real browser: Debian's Chromium, driven by playwright-core, with the network off.
//
//   node tests/browser/pages.mjs build/release/locklab [folder for pages and pictures]
//
// Needs `npm install --prefix build/browser playwright-core` (./dev test does it) and Chromium. Each
// check says what it found; the last line counts. Exit code 0: none failed.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';

const program = path.resolve(process.argv[2] ?? 'build/release/locklab');
const folder = path.resolve(process.argv[3] ?? 'build/browser/pages');
mkdirSync(folder, { recursive: true });
const require = createRequire(path.resolve('build/browser/package.json'));
const { chromium } = require('playwright-core');

let passed = 0, failed = 0, skipped = 0;
function check(words, holds, found = '') {
  if (holds) ++passed;
  else { ++failed; console.log(`FAILED: ${words}${found === '' ? '' : `; found ${found}`}`); }
}
function skip(words) { ++skipped; console.log(`SKIPPED: ${words}`); }

/** Runs the program; its standard output. A run that is not as expected ends with 1. */
function locklab(...args) {
  try { return execFileSync(program, args, { encoding: 'utf8' }); } catch (error) {
    if (error.status === 1) return error.stdout;
    throw error;
  }
}

const hostile = '</script><img src=x onerror=alert(1)>"\'&';
function writePage(name) {
  const file = path.join(folder, `${name.replaceAll('/', '_')}.html`);
  locklab('run', name, '--quiet', '--html', file);
  return file;
}
function writeHostilePage() {
  const scenario = JSON.parse(locklab('show', 'doc-4').replace(/^\s*\/\/.*$/gm, ''));
  scenario.name = 'hostile';
  scenario.title = scenario.story = hostile;
  scenario.remarks = [hostile];
  delete scenario.expect;
  const json = path.join(folder, 'hostile.json'), file = path.join(folder, 'hostile.html');
  writeFileSync(json, JSON.stringify(scenario));
  locklab('run', json, '--quiet', '--html', file);
  return file;
}

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync'],
});

/** Opens a page; everything that it complains of or asks for is a failed check. */
async function open(file, options = {}, hash = '') {
  const context = await browser.newContext({ viewport: { width: 1400, height: 900 }, offline: true, ...options });
  const page = await context.newPage();
  page.on('console', (message) => { if (message.type() === 'error') check(`${path.basename(file)}: no complaint`, false, message.text()); });
  page.on('pageerror', (error) => check(`${path.basename(file)}: no error`, false, error.message));
  page.on('request', (request) => { if (!/^(file|data|blob):/.test(request.url())) check(`${path.basename(file)}: no request`, false, request.url()); });
  await page.goto(`file://${file}${hash}`);
  if (options.javaScriptEnabled !== false) await page.waitForFunction(() => document.documentElement.dataset.ready);
  return page;
}
const verdict = (page) => page.getAttribute('#verdict', 'data-kind');

const names = ['doc-1', 'doc-2', 'doc-3', 'doc-4', 'corpus/gc-pause-stale-write', 'corpus/redlock-pause-after-validity-check'];
const files = Object.fromEntries(names.map((name) => [name, writePage(name)]));

for (const [name, file] of Object.entries(files)) {
  const began = Date.now();
  const page = await open(file);
  console.log(`${name}: alive after ${Date.now() - began} ms, ${(await page.content()).length} characters`);
  check(`${name}: the picture has bands`, (await page.locator('#chart .belief, #chart .owned').count()) > 0);
  check(`${name}: the story is a list`, (await page.locator('#story > li').count()) > 3);
  for (const key of ['ArrowRight', 'ArrowRight', 'ArrowLeft', 'v', 'w', 'w', '+', 'd', 'a', '-', '0', 'e', 'e', 'End', 'Home', 'l', 'l']) await page.keyboard.press(key);
  check(`${name}: Home is the beginning`, (await page.textContent('#cursor text')) === '0ms', await page.textContent('#cursor text'));
  await page.keyboard.press('?');
  check(`${name}: ? shows the keys`, await page.locator('dialog').isVisible());
  await page.keyboard.press('Escape');
  await page.screenshot({ path: file.replace('.html', '-light.png'), fullPage: true });
  const pdf = await page.pdf({ preferCSSPageSize: true });
  const sheets = pdf.toString('latin1').match(/\/Type\s*\/Page[^s]/g)?.length ?? 0;
  check(`${name}: prints on one to four sheets`, sheets >= 1 && sheets <= 4, sheets);
  await page.context().close();

  const small = await open(file, { viewport: { width: 430, height: 900 }, colorScheme: 'dark' });
  const wide = await small.evaluate(() => document.documentElement.scrollWidth);
  check(`${name}: fits on 430 pixels`, wide <= 430, wide);
  await small.screenshot({ path: file.replace('.html', '-dark-430.png'), fullPage: true });
  await small.context().close();

  const still = await open(file, { javaScriptEnabled: false });
  const text = await still.textContent('main');
  check(`${name}: without scripts there is a verdict`, (await still.textContent('#verdict')).length > 30);
  check(`${name}: without scripts there is the story`, text.includes('client-a wants the lock'));
  check(`${name}: without scripts there is the picture`, await still.locator('#chart svg').first().isVisible());
  await still.context().close();
}

{
  const page = await open(writeHostilePage());
  check('hostile words are shown', (await page.textContent('h1')) === hostile, await page.textContent('h1'));
  check('hostile words make no elements', (await page.locator('img').count()) === 0);
  await page.context().close();
}

{
  /** The core out of a page, in Node: the same bytes, the same answers. */
async function coreOf(file) {
  const embedded = /<script type="application\/octet-stream" id="core">([^<]*)</.exec(readFileSync(file, 'utf8'));
  if (!embedded) return null;
  const module = await WebAssembly.compile(gunzipSync(Buffer.from(embedded[1], 'base64')));
  const imports = {};
  for (const { module: from, name } of WebAssembly.Module.imports(module)) (imports[from] ??= {})[name] = () => 0;
  const { exports } = await WebAssembly.instantiate(module, imports);
  exports._initialize?.();
  return (scenario, wanted) => {
    const text = Buffer.from(scenario);
    const place = exports.locklab_input(text.length) >>> 0;
    Buffer.from(exports.memory.buffer, place, text.length).set(text);
    const size = exports.locklab_run(wanted, 0, 0, 0);
    return Buffer.from(exports.memory.buffer, exports.locklab_output() >>> 0, size >>> 0).toString();
  };
}

const core = await coreOf(files['doc-4']);
if (core) {
  for (const name of names) {
    const trace = path.join(folder, 'native.jsonl');
    locklab('run', name, '--quiet', '--trace', trace);
    check(`${name}: the core in a page records what the program records, byte for byte`,
      core(locklab('show', name), 2) === readFileSync(trace, 'utf8'));
  }
}

const page = await open(files['doc-4']);
  await page.fill('#search', 'rejects');
  check('a search finds the refused write', (await page.locator('#story > li').count()) === 1);
  await page.locator('#story > li').first().click();
  check('a line of the list moves the cursor', (await page.textContent('#cursor text')) === '10001.5ms', await page.textContent('#cursor text'));
  await page.fill('#search', '');
  await page.check('#all');
  check('every event is in the list of all', (await page.locator('#story > li').count()) === 70, await page.locator('#story > li').count());
  await page.uncheck('#all');
  await page.waitForTimeout(300);
  const hash = await page.evaluate(() => location.hash);
  check('the view is in the address', hash.includes('t=10001500000'), hash);
  await page.context().close();
  const again = await open(files['doc-4'], {}, hash);
  check('the address brings the view back', (await again.textContent('#cursor text')) === '10001.5ms');
  await again.context().close();
}

// ---- alive ------------------------------------------------------------------------------------------------

const page = await open(files['doc-4']);
if ((await page.evaluate(() => document.documentElement.dataset.ready)) !== 'live') {
  skip('the live core: this program was built without it');
} else {
  check('doc-4: the lock is broken, the data safe', (await verdict(page)) === 'broken', await verdict(page));
  await page.click('#unfenced');
  check('without the token check data is lost', (await verdict(page)) === 'bad', await verdict(page));
  const command = (await page.textContent('#command')).split(' ').slice(1);
  const native = locklab(...command.map((word) => word.replaceAll("'", '')), '--json');
  check('the command shown gives the same run, to the last bit', JSON.parse(native).digest === (await page.textContent('#digest')), command.join(' '));
  await page.click('#fenced');
  check('with the check again it is as before', (await verdict(page)) === 'broken');

  // The pause is pulled short by its right end: A wakes up in time.
  const block = await page.locator('.block[data-f="0"]').boundingBox();
  await page.mouse.move(block.x + block.width - 4, block.y + block.height / 2);
  await page.mouse.down();
  for (let i = 1; i <= 10; ++i) await page.mouse.move(block.x + block.width - 4 - (i * (block.width - 12)) / 10, block.y + block.height / 2);
  await page.mouse.up();
  await page.waitForTimeout(250);
  check('a dragged pause changes the scenario', (await page.textContent('#command')).includes('faults.0.pause.lasts='), await page.textContent('#command'));
  check('a dragged pause changes the run', (await page.textContent('#digest')) !== '1a95cb3e55accc6f');
  await page.keyboard.press('r');
  check('R brings the recorded run back', (await page.textContent('#digest')) === (await page.evaluate(() => JSON.parse(document.getElementById('data').textContent).digest)));
  check('R brings the verdict back', (await verdict(page)) === 'broken');

  const focus = page.locator('.block[data-f="0"]');
  await focus.focus();
  await page.keyboard.press('Shift+ArrowLeft');
  check('a fault obeys the keys', (await page.textContent('#command')).includes('faults.0.pause.lasts='), await page.textContent('#command'));
  await page.keyboard.press('r');

  const times = await page.evaluate(() => {
    const slider = document.querySelector('.knobs input[type=range]');
    const all = [];
    for (let i = 0; i < 40; ++i) {
      slider.value = String(Number(slider.value) + (i % 2 ? 7 : -7));
      const began = performance.now();
      slider.dispatchEvent(new Event('input', { bubbles: true }));
      all.push(performance.now() - began);
    }
    return all.sort((a, b) => a - b);
  });
  console.log(`doc-4: from a slider to the new picture ${times[20].toFixed(1)} ms (median), ${times[38].toFixed(1)} ms (p95)`);
  await page.keyboard.press('r');
  await page.waitForSelector('#twin:not([hidden])');
  check('the twin says what the check is worth', (await page.textContent('#twin')).includes('an update is lost'), await page.textContent('#twin'));
  await page.waitForSelector('#decided:not([hidden])', { timeout: 20000 });
  check('it says what would have prevented it', (await page.locator('#decided .repairs li').count()) > 0);
  await page.screenshot({ path: path.join(folder, 'doc-4-live.png'), fullPage: true });
}
await page.context().close();
await browser.close();
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
if (process.env.LOCKLAB_COUNTS) writeFileSync(process.env.LOCKLAB_COUNTS, `${passed} ${failed} ${skipped}\n`);
process.exit(failed ? 1 : 0);
