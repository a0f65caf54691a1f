// node vscode.mjs CONTAINER PORT FOLDER FILE TEXT PICTURE: looks at code-server of a sandbox from outside, behind a path
// prefix: its explorer shows FILE of FOLDER, and opening it shows TEXT. Leaves a screenshot in PICTURE.
import assert from 'node:assert/strict';
import { launch } from './chromium.mjs';
import { sandboxProxy } from './sandbox_proxy.mjs';

const [container, port, folder, file, text, picture] = process.argv.slice(2);
const kPrefix = `/session/x/preview/${port}`;
const kPatience = 120000;

const proxy = await sandboxProxy(container, port, kPrefix);
const browser = await launch();
const page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
page.setDefaultTimeout(kPatience);
page.on('pageerror', error => console.log('page error:', error.message));
const outside = [];
page.on('request', asked => {
  if (!asked.url().includes(kPrefix) && !asked.url().startsWith('blob:')) outside.push(asked.url());
});

try {
  await page.goto(`http://127.0.0.1:${proxy.address().port}${kPrefix}/?folder=${encodeURIComponent(folder)}`);
  await page.locator('.explorer-viewlet').getByText(file, { exact: true }).dblclick();
  const line = page.locator('.editor-instance .view-line').first();
  await line.waitFor();
  assert.equal((await line.innerText()).replaceAll('\u00a0', ' '), text);
} finally {
  await page.screenshot({ path: picture });
  if (outside.length > 0) console.log('beside the prefix:', outside.slice(0, 20).join('\n'));
  await browser.close();
  proxy.closeAllConnections();
  proxy.close();
}
