// node desktop.mjs PAGE FILE PICTURE: at the desktop's PAGE, opens a terminal from the panel's menu and types a command
// that writes FILE. Leaves a screenshot in PICTURE.
import { kText, openTerminal, share, until, waitForDesktop } from './canvas.mjs';
import { launch } from './chromium.mjs';

const [page_url, file, picture] = process.argv.slice(2);

const browser = await launch();
// The certificate is one of the test's own.
const page = await browser.newPage({ viewport: { width: 1600, height: 1000 }, ignoreHTTPSErrors: true });
page.on('websocket', socket => console.log('websocket:', socket.url()));
page.on('pageerror', error => console.log('page error:', error.message));

try {
  await page.goto(page_url, { timeout: 20000 });
  await waitForDesktop(page);
  await until(page, 'what the agent did', async () => await share(page, kText) > 0.0005);
  await openTerminal(page);
  await page.waitForTimeout(500);
  await page.keyboard.type(`echo typed-$((40+2)) > ${file}`, { delay: 20 });
  await page.keyboard.press('Enter');
  await page.waitForTimeout(300);
} finally {
  await page.screenshot({ path: picture });
  await browser.close();
}
