// All browser tests, one after another:
//
//   node tests/browser/all.mjs build/release/locklab [folder for pages and pictures]
//
// Needs `npm install --prefix build/browser playwright-core axe-core` (./dev test does it) and
// Chromium. Each check that fails says what it found; the last line counts. Exit code 0: none failed.
import { writeFileSync } from 'node:fs';

import { closeBrowser, counts } from './lab.mjs';

for (const part of ['pages', 'live', 'lesson', 'site', 'pictures', 'large']) await import(`./${part}.mjs`);
await closeBrowser();
const { passed, failed, skipped } = counts;
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
if (process.env.LOCKLAB_COUNTS) writeFileSync(process.env.LOCKLAB_COUNTS, `${passed} ${failed} ${skipped}\n`);
process.exit(failed ? 1 : 0);
