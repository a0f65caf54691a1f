// node vscode.mjs SERVER SESSION PORT FOLDER FILE TEXT PICTURE: looks at code-server of a sandbox from outside, through the
// server's one port: its explorer shows FILE of FOLDER, and opening it shows TEXT. Leaves a screenshot in PICTURE.
import assert from 'node:assert/strict';
import { launch } from './chromium.mjs';

const [server, session, port, folder, file, text, picture] = process.argv.slice(2);
const kPatience = 120000;

const browser = await launch();
const page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
page.setDefaultTimeout(kPatience);
page.on('pageerror', error => console.log('page error:', error.message));
const asked = [];
page.on('request', request => asked.push(request.url()));

try {
  await page.goto(`${server}/session/${session}/preview/${port}/?folder=${encodeURIComponent(folder)}`);
  await page.locator('.explorer-viewlet').getByText(file, { exact: true }).dblclick();
  const line = page.locator('.editor-instance .view-line').first();
  await line.waitFor();
  assert.equal((await line.innerText()).replaceAll('\u00a0', ' '), text);
} finally {
  await page.screenshot({ path: picture });
  const own = [new URL(page.url()).host, new URL(server).host];
  const elsewhere = asked.filter(url => /^(http|ws)/.test(url) && !own.includes(new URL(url).host));
  if (elsewhere.length > 0) console.log('asked for elsewhere:', elsewhere.slice(0, 20).join('\n'));
  await browser.close();
}
