// What is seen and done on the desktop's canvas in a page.

// The desktop's own colours.
export const kTerminal = [0x10, 0x14, 0x1c], kPanel = [0x16, 0x1b, 0x24], kMenu = [0x1b, 0x21, 0x2c],
  kText = [0xd6, 0xdd, 0xe8], kActive = [0x2b, 0x34, 0x45];
const kAbovePanel = [0, 0.85, 0.12, 0.955];
const kPatience = 60000;

export async function until(page, what, holds) {
  for (const end = Date.now() + kPatience; Date.now() < end; await page.waitForTimeout(100)) {
    if (await holds()) return;
  }
  throw new Error(`not in time: ${what}`);
}

// Share of the desktop's pixels that have about this colour, in a rectangle given in shares of its size.
export const share = (page, colour, [left, top, right, bottom] = [0, 0, 1, 1]) => page.evaluate(
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

// Clicks at a point of the desktop; negative coordinates count from the right and the bottom.
async function click(page, x, y) {
  const size = await page.evaluate(() => {
    const canvas = document.querySelector('canvas');
    return { width: canvas.width, height: canvas.height };
  });
  const box = await page.locator('canvas').first().boundingBox();
  const at = { x: x < 0 ? size.width + x : x, y: y < 0 ? size.height + y : y };
  await page.mouse.click(box.x + at.x * box.width / size.width, box.y + at.y * box.height / size.height, { delay: 50 });
}

export async function waitForDesktop(page) {
  await until(page, 'the panel', async () => await share(page, kPanel, [0, 0.97, 1, 1]) > 0.3);
  await until(page, 'the console window', async () => await share(page, kTerminal) > 0.3);
}

// From the panel's menu.
export async function openTerminal(page) {
  const menu_before = await share(page, kMenu, kAbovePanel);
  await click(page, 40, -17);
  await until(page, 'the menu', async () => await share(page, kMenu, kAbovePanel) > menu_before + 0.05);
  await click(page, 40, -76);
  // The second button in the panel is the active window's.
  await until(page, 'the terminal', async () => await share(page, kActive, [0.2, 0.97, 0.3, 1]) > 0.3);
}
