// node desktop.mjs PAGE FILE PICTURE: at the desktop's PAGE, opens a terminal from the panel's menu and types a command
// that writes FILE. Leaves a screenshot in PICTURE.
import { chromium } from 'playwright-core';

const [page_url, file, picture] = process.argv.slice(2);
const kPatience = 20000;

const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
         '--disable-component-update', '--disable-sync'],
});
// The certificate is one of the test's own.
const page = await browser.newPage({ viewport: { width: 1600, height: 1000 }, ignoreHTTPSErrors: true });
page.on('websocket', socket => console.log('websocket:', socket.url()));
page.on('pageerror', error => console.log('page error:', error.message));

// Share of the desktop's pixels that have about this colour, in a rectangle given in shares of its size.
const share = (colour, [left, top, right, bottom] = [0, 0, 1, 1]) => page.evaluate(
  ({ colour, left, top, right, bottom }) => {
    const canvas = document.querySelector('canvas');
    if (!canvas || canvas.width < 600) return 0;
    const x = Math.floor(left * canvas.width), y = Math.floor(top * canvas.height);
    const width = Math.ceil(right * canvas.width) - x, height = Math.ceil(bottom * canvas.height) - y;
    const data = canvas.getContext('2d').getImageData(x, y, width, height).data;
    let same = 0;
    for (let i = 0; i < data.length; i += 4) {
      if ([0, 1, 2].every(c => Math.abs(data[i + c] - colour[c]) <= 6)) ++same;
    }
    return same / (data.length / 4);
  }, { colour, left, top, right, bottom });

async function until(what, holds) {
  for (const end = Date.now() + kPatience; Date.now() < end; await page.waitForTimeout(100)) {
    if (await holds()) return;
  }
  throw new Error(`not in time: ${what}`);
}

// Clicks at a point of the desktop; negative coordinates count from the right and the bottom.
async function click(x, y) {
  const size = await page.evaluate(() => {
    const canvas = document.querySelector('canvas');
    return { width: canvas.width, height: canvas.height };
  });
  const box = await page.locator('canvas').first().boundingBox();
  const at = { x: x < 0 ? size.width + x : x, y: y < 0 ? size.height + y : y };
  await page.mouse.click(box.x + at.x * box.width / size.width, box.y + at.y * box.height / size.height, { delay: 50 });
}

const kTerminal = [0x10, 0x14, 0x1c], kPanel = [0x16, 0x1b, 0x24], kMenu = [0x1b, 0x21, 0x2c], kText = [0xd6, 0xdd, 0xe8],
      kActive = [0x2b, 0x34, 0x45];
const kAbovePanel = [0, 0.85, 0.12, 0.955];

try {
  await page.goto(page_url, { timeout: kPatience });
  await until('the panel', async () => await share(kPanel, [0, 0.97, 1, 1]) > 0.3);
  await until('the console window', async () => await share(kTerminal) > 0.3 && await share(kText) > 0.0005);
  const menu_before = await share(kMenu, kAbovePanel);
  await click(40, -17);
  await until('the menu', async () => await share(kMenu, kAbovePanel) > menu_before + 0.05);
  await click(40, -76);
  // The second button in the panel is the active window's.
  await until('the terminal', async () => await share(kActive, [0.2, 0.97, 0.3, 1]) > 0.3);
  await page.waitForTimeout(500);
  await page.keyboard.type(`echo typed-$((40+2)) > ${file}`, { delay: 20 });
  await page.keyboard.press('Enter');
  await page.waitForTimeout(300);
} finally {
  await page.screenshot({ path: picture });
  await browser.close();
}
