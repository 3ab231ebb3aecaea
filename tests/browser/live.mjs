// The simulator inside a page: it gives what the program gives, byte for byte, and what one changes in
// a page is run again at once.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';

import { check, folder, isLive, locklab, open, skip, verdict, writePage } from './lab.mjs';

const doc4 = writePage('doc-4');

/** Two letters for each 13 bits; the last may be one byte too many, which xz complains of after it has done its work. */
function bytesOf(text) {
  const letters = [...Array(95).keys()].map((code) => String.fromCharCode(32 + code)).filter((letter) => !'"&<\\'.includes(letter));
  let bits = '';
  for (let i = 0; i < text.length; i += 2) bits += (letters.indexOf(text[i]) * 91 + letters.indexOf(text[i + 1])).toString(2).padStart(13, '0');
  return Buffer.from(bits.match(/.{8}/g).map((byte) => Number.parseInt(byte, 2)));
}

/** The core out of a page, in Node and unpacked by xz: the same bytes, the same answers. */
async function coreOf(file) {
  const embedded = /<script type="application\/octet-stream" id="core">([^<]*)</.exec(readFileSync(file, 'utf8'));
  if (!embedded) return null;
  const module = await WebAssembly.compile(spawnSync('xz', ['--format=lzma', '-dc'], { input: bytesOf(embedded[1]), maxBuffer: 1 << 28 }).stdout);
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

const core = await coreOf(doc4);
if (core) {
  // The recorded run and the run in the page, of the unedited scenario, for several kinds of lock.
  for (const name of ['doc-1', 'doc-2', 'doc-3', 'doc-4', 'doc-3-jump', 'corpus/gc-pause-stale-write',
    'corpus/redlock-pause-after-validity-check', 'corpus/zk-sequence-overflow', 'corpus/db-async-replica-lost-row',
    'corpus/consul-health-check-false-positive', 'corpus/abba-deadlock', 'corpus/chubby-delayed-request-no-sequencer']) {
    const trace = path.join(folder, 'native.jsonl');
    locklab('run', name, '--quiet', '--trace', trace);
    check(`${name}: the core in a page records what the program records, byte for byte`,
      core(locklab('show', name), 2) === readFileSync(trace, 'utf8'));
    check(`${name}: and explains it alike`, readFileSync(writePage(name), 'utf8').includes(core(locklab('show', name), 5)));
  }
}


const page = await open(doc4);
if (!(await isLive(page))) {
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

  // What the page explains is the run that it shows.
  const jump = await open(writePage('doc-3-jump'));
  const reason = () => jump.textContent('#reason');
  const recorded = await reason();
  check('the explanation names the fault that it took', (await jump.textContent('#reason .needed')).includes('jump forward by 5000ms'), await jump.textContent('#reason .took'));
  check('the picture has a line at the point of no return', (await jump.locator('#no-return').count()) === 1);
  await jump.locator('#reason summary').last().click();
  check('a step opens its causes and is looked at', (await jump.locator('#reason details[open] .causes li').count()) > 0 && (await jump.textContent('#cursor text')) === '5002ms');
  await jump.locator('#reason details[open] .causes button').nth(1).click();
  check('a cause is looked at', (await jump.textContent('#event-words')).includes('5002ms: client-b'), await jump.textContent('#event-words'));
  const slider = jump.getByLabel('wall jump: by');
  await slider.focus();
  await jump.keyboard.press('ArrowRight');
  check('an explanation of another run is marked', (await jump.getAttribute('#reason', 'aria-busy')) === 'true' && (await jump.locator('#no-return').count()) === 0);
  await jump.waitForSelector('#reason:not([aria-busy])', { timeout: 20000 });
  check('a changed run is explained anew', (await reason()) !== recorded && (await reason()).includes('5010ms'), await reason());
  await jump.click('#reset');
  check('R brings the explanation back', (await reason()) === recorded);
  await jump.context().close();

  const alone = await open(writePage('doc-3-jump'));
  await alone.evaluate(() => { globalThis.Worker = class { constructor() { throw new Error('no workers here'); } }; });
  await alone.getByLabel('wall jump: by').focus();
  await alone.keyboard.press('ArrowRight');
  await alone.waitForSelector('#reason p.meta:only-child button');
  check('without workers the page says what it cannot explain', (await alone.textContent('#reason')).includes('of the recorded run alone'));
  await alone.locator('#reason button').click();
  check('and goes back to what it can', (await alone.textContent('#reason')) === recorded);
  await alone.context().close();

  const twin = await open(writePage('corpus/gc-pause-stale-write'));
  await twin.locator('#twin button').first().click();
  await twin.waitForFunction(() => document.querySelector('#reason .explained')?.textContent.includes('both believe'), null, { timeout: 20000 });
  check('the twin is explained when it is shown', true);
  await twin.locator('#twin button').first().click();
  check('and then this run again', (await twin.textContent('#reason .explained')).startsWith('A write of client-a'), await twin.textContent('#reason'));
  await twin.context().close();
}
await page.context().close();
