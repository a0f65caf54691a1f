// The desktop in the page.
import assert from 'node:assert/strict';
import { kText, openTerminal, share, waitForDesktop } from './canvas.mjs';

// The console window on it shows what the agent does.
export async function seesTheDesktopChange(visit) {
  const { page } = visit;
  await waitForDesktop(page);
  const ended = await visit.countTurns();
  const before = await share(page, kText);
  await visit.say('write');
  await visit.until('much text on the desktop', async () => await share(page, kText) > before + 0.02);
  await visit.turns(ended + 1);
  await visit.picture('desktop');
}

const holder = (page, words) => page.locator('.desktop .holder', { hasText: words });

// Nothing gets through while it is only watched; then a command is typed, and control is handed back by keyboard.
export async function controlsTheDesktop(visit) {
  const { page } = visit;
  await holder(page, 'The agent has the desktop').waitFor();
  await page.locator('.desktop canvas').click({ position: { x: 200, y: 200 } });
  await page.keyboard.type('x');
  assert.equal(JSON.parse(await visit.ask(`session/${visit.sessionId}/desktop`)).controller, null);
  await page.getByRole('button', { name: 'Take control' }).click();
  await holder(page, 'You have the desktop').waitFor();
  await openTerminal(page);
  await visit.until('what was typed in the terminal', async () => {
    await page.keyboard.type('echo typed-$((40+2)) > typed.txt', { delay: 10 });
    await page.keyboard.press('Enter');
    for (let i = 0; i < 20; ++i, await page.waitForTimeout(100)) {
      if (await visit.file('typed.txt') === 'typed-42\n') return true;
    }
    return false;
  });
  await visit.picture('control');
  await page.keyboard.press('Control+Alt+Escape');
  await holder(page, 'The agent has the desktop').waitFor();
  assert.equal(JSON.parse(await visit.ask(`session/${visit.sessionId}/desktop`)).controller, null);
}
