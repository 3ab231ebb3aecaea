// Large runs: a page of many thousand events opens, shows where it is dense, and has every event.
import { writeFileSync } from 'node:fs';
import path from 'node:path';

import { check, folder, isLive, open, times, writePage } from './lab.mjs';

/** Two clients that contend for a lock so often that about so many events happen. */
function longScenario(name, rounds) {
  const client = (id) => ({ name: id, program: [{ repeat: { times: rounds, do: [
    { acquire: { lock: 'resource', mode: 'blocking', poll: '20ms', if_refused: 'skip' } },
    { read: { from: 'data' } }, { work: '5ms' }, { write: { to: 'data', value: 1, after_read: true } }, 'release', { sleep: '10ms' }] } }] });
  const file = path.join(folder, `${name}.json`);
  writeFileSync(file, JSON.stringify({
    schema: 'locklab-scenario/1', name, title: `Two clients, ${rounds} times each`, horizon: '3000s', max_events: 5000000,
    redis: { nodes: 1 }, storage: { registers: { data: 0 }, check: 'document' }, lock: { algorithm: 'fenced_lock', ttl: '5s' },
    workload: { resource: 'resource' }, clients: [client('client-a'), client('client-b')],
    faults: [{ at: '100ms', pause: { who: 'client-a', lasts: '6s' } }],
  }));
  return file;
}

/** From a slider to the picture of the new run, over and over: sorted milliseconds. */
const dragging = (page, times) => page.evaluate(async (count) => {
  const slider = document.querySelectorAll('.knobs input[type=range]')[2];
  const all = [];
  for (let i = 0; i < count; ++i) {
    slider.value = String(Number(slider.value) + (i % 2 ? 7 : -7));
    const began = performance.now();
    slider.dispatchEvent(new Event('input', { bubbles: true }));
    document.getElementById('chart').getBoundingClientRect();
    all.push(performance.now() - began);
    await new Promise((done) => setTimeout(done, 30));
  }
  return all.sort((a, b) => a - b);
}, times);

for (const [events, rounds] of [[2000, 9], [20000, 260], [100000, 1300]]) {
  const began = Date.now();
  const file = writePage(longScenario(`long-${events}`, rounds), `long-${events}`);
  const written = Date.now() - began;
  const page = await open(file);
  const facts = await page.evaluate(() => ({
    events: JSON.parse(document.getElementById('data').textContent).events.length,
    nodes: document.querySelectorAll('#chart *').length,
  }));
  const [readable, alive] = await times(page);
  console.log(`${facts.events} events: written in ${written} ms, readable after ${readable} ms, alive after ${alive} ms, ${facts.nodes} marks`);
  check(`about ${events} events`, facts.events > events * 0.7 && facts.events < events * 1.5, facts.events);
  await page.keyboard.press('End');
  await page.check('#all');
  const listed = await page.evaluate(() => {
    const more = [...document.querySelectorAll('#story button')].find((button) => / more$/.test(button.textContent));
    return document.querySelectorAll('#story > li[data-e]').length + (more ? Number.parseInt(more.textContent, 10) : 0);
  });
  check(`${events}: every event is in the list, or counted under it`, listed === facts.events, `${listed} of ${facts.events}`);
  await page.uncheck('#all');
  if (await isLive(page)) {
    const before = await page.textContent('#digest');
    const all = await dragging(page, 41);
    await page.waitForFunction((was) => document.getElementById('digest').textContent !== was, before);
    console.log(`  from a slider to the new picture: ${all[all.length >> 1].toFixed(0)} ms (median), ${all[Math.floor(all.length * 0.95)].toFixed(0)} ms (p95)`);
  }
  await page.screenshot({ path: path.join(folder, `long-${events}.png`) });
  await page.context().close();
}
