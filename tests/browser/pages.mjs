// Pages as they are read: with and without scripts, on paper, small and dark, searched and stepped
// through.
import { statSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { check, folder, locklab, open, times, writePage } from './lab.mjs';

const hostile = '</script><img src=x onerror=alert(1)>"\'&';
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

const names = ['doc-1', 'doc-2', 'doc-3', 'doc-4', 'corpus/gc-pause-stale-write', 'corpus/redlock-pause-after-validity-check'];
const files = Object.fromEntries(names.map((name) => [name, writePage(name)]));

for (const [name, file] of Object.entries(files)) {
  const page = await open(file);
  const [readable, alive] = await times(page);
  console.log(`${name}: ${Math.round(statSync(file).size / 1000)} KB, readable after ${readable} ms, alive after ${alive} ms`);
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
  check(`${name}: without scripts it is explained`, /Why|How close it came/.test(await still.textContent('#reason h2')));
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
