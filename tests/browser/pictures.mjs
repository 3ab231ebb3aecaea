// The document's four scenarios as they look: light, dark, on paper, and to people who see colours
// otherwise; and axe-core's opinion of them. Compared with small pictures kept in
// tests/browser/pictures: both are made coarse first, so that another rasterizer of letters makes no
// difference and a missing band does. LOCKLAB_REWRITE=1 writes them anew.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { axeFindings, blank, check, folder, open, skip, writePage } from './lab.mjs';

const kept = path.join(path.dirname(fileURLToPath(import.meta.url)), 'pictures');
const WIDE = 280;
const page = await blank();

/** A screenshot (PNG, base64) made WIDE pixels wide; PNG, base64. */
const coarse = (png) => page.evaluate(async ([data, wide]) => {
  const image = await createImageBitmap(await (await fetch(`data:image/png;base64,${data}`)).blob());
  const canvas = new OffscreenCanvas(wide, Math.round((image.height * wide) / image.width));
  const context = canvas.getContext('2d');
  context.imageSmoothingQuality = 'high';
  context.drawImage(image, 0, 0, canvas.width, canvas.height);
  const bytes = new Uint8Array(await (await canvas.convertToBlob({ type: 'image/png' })).arrayBuffer());
  return btoa(String.fromCharCode(...bytes));
}, [png, WIDE]);

/** How much two coarse pictures differ: the share of 6 x 6 squares whose mean colour is off by more than 20 of 255. */
const difference = (one, other) => page.evaluate(async (both) => {
  const [a, b] = await Promise.all(both.map(async (data) => {
    const image = await createImageBitmap(await (await fetch(`data:image/png;base64,${data}`)).blob());
    const context = new OffscreenCanvas(image.width, image.height).getContext('2d');
    context.drawImage(image, 0, 0);
    return context.getImageData(0, 0, image.width, image.height);
  }));
  if (a.width !== b.width || Math.abs(a.height - b.height) > 8) return 1;
  const size = 6, high = Math.min(a.height, b.height);
  let off = 0, all = 0;
  for (let y = 0; y + size <= high; y += size)
    for (let x = 0; x + size <= a.width; x += size) {
      const mean = (image, channel) => {
        let sum = 0;
        for (let i = 0; i < size * size; ++i) sum += image.data[4 * ((y + Math.trunc(i / size)) * image.width + x + (i % size)) + channel];
        return sum / size / size;
      };
      ++all;
      if ([0, 1, 2].some((channel) => Math.abs(mean(a, channel) - mean(b, channel)) > 20)) ++off;
    }
  return off / all;
}, [one, other]);

const MOST = 0.03;
const looks = [
  ['light', { colorScheme: 'light' }], ['dark', { colorScheme: 'dark' }], ['print', { media: 'print' }],
  ['protanopia', { vision: 'protanopia' }], ['deuteranopia', { vision: 'deuteranopia' }],
  ['tritanopia', { vision: 'tritanopia' }], ['achromatopsia', { vision: 'achromatopsia' }],
];
mkdirSync(kept, { recursive: true });
const seen = {};
for (const name of ['doc-1', 'doc-2', 'doc-3', 'doc-4']) {
  const file = writePage(name);
  for (const [look, { colorScheme = 'light', media, vision }] of looks) {
    const shown = await open(file, { colorScheme, reducedMotion: 'reduce', bypassCSP: true });
    if (media) await shown.emulateMedia({ media });
    if (vision) await (await shown.context().newCDPSession(shown)).send('Emulation.setEmulatedVisionDeficiency', { type: vision });
    const png = (await shown.locator('#chart').screenshot({ animations: 'disabled' })).toString('base64');
    const small = await coarse(png);
    seen[`${name}-${look}`] = small;
    const place = path.join(kept, `${name}-${look}.png`);
    if (process.env.LOCKLAB_REWRITE || !existsSync(place)) {
      if (!process.env.LOCKLAB_REWRITE) check(`${name}, ${look}: there is a picture to compare with`, false, place);
      else writeFileSync(place, Buffer.from(small, 'base64'));
    } else {
      const off = await difference(small, readFileSync(place).toString('base64'));
      if (off > MOST) writeFileSync(path.join(folder, `${name}-${look}-differs.png`), Buffer.from(png, 'base64'));
      check(`${name} looks as it did, ${look}`, off <= MOST, `${(100 * off).toFixed(1)}% of it differs`);
    }
    if (!vision && !media) {
      await shown.evaluate(() => document.querySelectorAll('#reason details').forEach((step) => { step.open = true; }));
      const found = await axeFindings(shown);
      if (found) check(`${name}, ${look}: axe finds nothing`, found.length === 0, found.slice(0, 6).join('; '));
      else skip('axe-core is not installed');
    }
    await shown.context().close();
  }
}
const apart = await difference(seen['doc-1-light'], seen['doc-4-light']);
check('other pictures are other pictures', apart > MOST, apart);
check('dark is not light', (await difference(seen['doc-1-light'], seen['doc-1-dark'])) > MOST);
await page.context().close();
