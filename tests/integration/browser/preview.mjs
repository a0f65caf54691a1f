// node preview.mjs SERVER SESSION PORT: opens vite_app, which runs in the session's sandbox, through the server, changes
// it there, and sees the change without a reload. Says where the app was shown.
import assert from 'node:assert/strict';
import { until } from './canvas.mjs';
import { launch } from './chromium.mjs';

const [server, session, port] = process.argv.slice(2);

const browser = await launch();
const page = await browser.newPage();
page.on('websocket', socket => console.log('websocket:', socket.url()));
page.on('pageerror', error => console.log('page error:', error.message));
page.on('console', message => console.log('console:', message.text()));
page.on('response', response => response.status() >= 400 && console.log(response.status(), response.url()));

const text = id => page.locator(`#${id}`).textContent();

try {
  await page.goto(`${server}/session/${session}/preview/${port}/`);
  await until(page, 'the page', async () => await text('words') === 'before');
  assert.equal(await text('count'), '1');
  await page.waitForFunction(() => performance.getEntriesByType('resource').length > 0);

  const api = await page.evaluate(async url => {
    try {
      return (await fetch(url)).status;
    } catch {
      return 'kept out';
    }
  }, `${server}/session`);
  assert.equal(api, 'kept out', 'an app reads nothing of the server');

  const url = `${server}/session/${session}/files/words.js`;
  const changed = await fetch(url, { method: 'PUT', body: "export const words = 'after';\n" });
  assert.ok(changed.ok, await changed.text());
  await until(page, 'the change', async () => await text('words') === 'after');
  assert.equal(await text('count'), '2', 'it was not loaded again');
  console.log('shown at', page.url());
} finally {
  await browser.close();
}
