// The site of all scenarios: opens from disk, leads everywhere, and its pages share one core.
import { existsSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';

import { axeFindings, check, folder, isLive, locklab, open, skip, verdict } from './lab.mjs';

const site = path.join(folder, 'site');
const began = Date.now();
locklab('report', '--all', '--out', site);
const bytes = readdirSync(site, { recursive: true }).map((name) => statSync(path.join(site, name))).filter((one) => one.isFile()).reduce((sum, one) => sum + one.size, 0);
console.log(`the site: ${(bytes / 1e6).toFixed(1)} MB, written in ${Date.now() - began} ms`);

for (const colorScheme of ['light', 'dark']) {
  const page = await open(path.join(site, 'index.html'), { colorScheme, bypassCSP: true });
  await page.screenshot({ path: path.join(folder, `site-${colorScheme}.png`), fullPage: true });
  const found = await axeFindings(page);
  if (found) check(`the index, ${colorScheme}: axe finds nothing`, found.length === 0, found.slice(0, 5).join('; '));
  else skip('axe-core is not installed');
  await page.context().close();
}

const index = await open(path.join(site, 'index.html'));
const links = await index.evaluate(() => [...document.links].map((link) => link.getAttribute('href').split('#')[0]));
const missing = [...new Set(links)].filter((href) => !existsSync(path.join(site, href)));
check('every link of the index leads to a file', missing.length === 0, missing.slice(0, 3).join(', '));
check('a tile a scenario', (await index.locator('#groups .tile').count()) === locklab('list', 'scenarios', '--json').match(/"name"/g).length);
check('cells of the matrix lead to runs', (await index.locator('.matrix td a').count()) > 50);
await index.selectOption('#tools select', 'broke');
check('grouped by what broke', (await index.locator('#groups h3').allTextContents()).some((words) => words.startsWith('stale write')));
await index.fill('#tools input', 'zookeeper');
const seen = await index.locator('#groups .tile').count();
check('a search leaves some', seen > 0 && seen < 250, seen);
await index.context().close();

const small = await open(path.join(site, 'index.html'), { viewport: { width: 430, height: 900 } });
const wide = await small.evaluate(() => document.documentElement.scrollWidth);
check('the index fits on 430 pixels', wide <= 430, wide);
await small.screenshot({ path: path.join(folder, 'site-430.png') });
await small.context().close();

const lesson = await open(path.join(site, 'lesson.html'));
check('the lesson has four parts with a picture each', (await lesson.locator('.lesson-part .chart svg.picture').count()) === 4);
check('no place of the lesson is empty', !(await lesson.content()).includes('{{'));
const dead = (await lesson.evaluate(() => [...document.links].map((link) => link.getAttribute('href').split('#')[0]))).filter((href) => !existsSync(path.join(site, href)));
check('every link of the lesson leads to a file', dead.length === 0, dead.join(', '));
await lesson.evaluate(() => document.querySelectorAll('details.shown').forEach((one) => { one.open = true; }));
await lesson.screenshot({ path: path.join(folder, 'lesson.png'), fullPage: true });
await lesson.context().close();

const page = await open(path.join(site, 'doc-4.html'));
if (existsSync(path.join(site, 'core.js'))) {
  check('a page of the site runs the shared core', await isLive(page));
  await page.click('#unfenced');
  check('and answers', (await verdict(page)) === 'bad', await verdict(page));
  await page.waitForSelector('#reason:not([aria-busy])', { timeout: 20000 });
  check('and explains what it answers', (await page.textContent('#reason')).includes('stale write'), await page.textContent('#reason'));
  const deep = await open(path.join(site, 'corpus/gc-pause-stale-write.html'));
  check('so does one in a folder', await isLive(deep));
  await deep.context().close();
} else skip('the shared core: this program was built without it');
await page.context().close();

// The page of two runs.
const parted = path.join(folder, 'parted.html');
locklab('diff', 'doc-4', 'doc-4-unfenced', '--html', parted);
for (const colorScheme of ['light', 'dark']) {
  const two = await open(parted, { colorScheme, bypassCSP: true });
  check('the page of two runs marks in both where they part', (await two.locator('.parting').count()) === 2);
  const found = await axeFindings(two);
  if (found) check(`the page of two runs, ${colorScheme}: axe finds nothing`, found.length === 0, found.slice(0, 5).join('; '));
  await two.context().close();
}
