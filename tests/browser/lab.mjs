// What all browser tests share: the program, Debian's Chromium driven by playwright-core with the
// network off, pages that must not complain, and the counting of checks.
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

export const program = path.resolve(process.argv[2] ?? 'build/release/locklab');
export const folder = path.resolve(process.argv[3] ?? 'build/browser/pages');
mkdirSync(folder, { recursive: true });
const require = createRequire(path.resolve('build/browser/package.json'));
const { chromium } = require('playwright-core');

export const counts = { passed: 0, failed: 0, skipped: 0 };
export function check(words, holds, found = '') {
  if (holds) ++counts.passed;
  else { ++counts.failed; console.log(`FAILED: ${words}${found === '' ? '' : `; found ${found}`}`); }
}
export function skip(words) { ++counts.skipped; console.log(`SKIPPED: ${words}`); }

/** Runs the program; its standard output. A run that is not as expected ends with 1. */
export function locklab(...args) {
  try { return execFileSync(program, args, { encoding: 'utf8', maxBuffer: 1 << 28 }); } catch (error) {
    if (error.status === 1) return error.stdout;
    throw error;
  }
}

/** The page of a built-in scenario, or of a scenario file; its path. */
export function writePage(scenario, name = scenario) {
  const file = path.join(folder, `${name.replaceAll('/', '_')}.html`);
  locklab('run', scenario, '--quiet', '--html', file);
  return file;
}

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync'],
});
export const closeBrowser = () => browser.close();

/** Opens a page; everything that it complains of or asks for is a failed check. */
export async function open(file, options = {}, hash = '') {
  const context = await browser.newContext({ viewport: { width: 1400, height: 900 }, offline: true, ...options });
  const page = await context.newPage();
  const name = path.basename(file);
  page.on('console', (message) => { if (message.type() === 'error') check(`${name}: no complaint`, false, message.text()); });
  page.on('pageerror', (error) => check(`${name}: no error`, false, error.message));
  page.on('request', (request) => { if (!/^(file|data|blob):/.test(request.url())) check(`${name}: no request`, false, request.url()); });
  await page.goto(`file://${file}${hash}`);
  const scripted = options.javaScriptEnabled !== false && (await page.locator('#data').count()) > 0;
  if (scripted) await page.waitForFunction(() => document.documentElement.dataset.ready);
  return page;
}
/** When the page could be read, and when it answered, in milliseconds after it was opened. */
export const times = (page) => page.evaluate(() => [
  Math.round(performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? -1),
  Math.round(performance.getEntriesByName('alive')[0].startTime)]);
export const blank = async () => (await browser.newContext({ offline: true })).newPage();
export const verdict = (page) => page.getAttribute('#verdict', 'data-kind');
export const isLive = (page) => page.evaluate(() => document.documentElement.dataset.ready === 'live');

let axe = null;
try { axe = require.resolve('axe-core/axe.min.js'); } catch { /* checked by whoever wants it */ }
/** What axe-core finds in a page: "rule: element", one each; null: it is not installed. */
export async function axeFindings(page) {
  if (!axe) return null;
  await page.addScriptTag({ path: axe });
  const result = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'], preload: false }));
  return result.violations.flatMap((rule) => rule.nodes.map((node) => `${rule.id}: ${node.target.join(' ')}`));
}
