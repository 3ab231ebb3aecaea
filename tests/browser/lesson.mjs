// Lesson mode: nothing is given away before a choice, and the answer is the run's own.
import { check, open, writePage } from './lab.mjs';

for (const [name, kind] of [['doc-1', 'good'], ['doc-4', 'broken'], ['doc-4-unfenced', 'bad']]) {
  const page = await open(writePage(name), { reducedMotion: 'reduce' }, '#lesson=1');
  check(`${name}: the verdict waits`, !(await page.locator('#verdict').isVisible()));
  check(`${name}: the story ends where the question begins`,
    (await page.locator('#story > li:not([hidden])').count()) < (await page.locator('#story > li').count()));
  check(`${name}: the picture is covered`, await page.locator('#curtain rect').isVisible());
  await page.keyboard.press('End');
  check(`${name}: the cursor stays before the curtain`, (await page.evaluate(() => {
    const x = (node) => node.getBoundingClientRect().left;
    return x(document.querySelector('#cursor line')) < x(document.querySelector('#curtain rect'));
  })));
  const choices = page.locator('.choices button');
  await choices.nth(['good', 'broken', 'bad'].indexOf(kind)).click();
  check(`${name}: the right choice is right`, (await page.textContent('#answer')).startsWith('Right.'), await page.textContent('#answer'));
  check(`${name}: the verdict is shown then`, await page.locator('#verdict').isVisible());
  check(`${name}: nothing is covered then`, (await page.locator('#curtain').count()) === 0);
  await page.locator('#answer button').click();
  await choices.nth(kind === 'good' ? 2 : 0).click();
  check(`${name}: a wrong choice is not`, (await page.textContent('#answer')).startsWith('Not so.'), await page.textContent('#answer'));
  await page.context().close();
}
