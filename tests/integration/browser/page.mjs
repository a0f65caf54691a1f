// node page.mjs URL FOLDER [KEY]: a user's whole day at the page of the server at URL, which plays page_scenario.json.
// Pictures go to FOLDER. With KEY the server asks for it.
import assert from 'node:assert/strict';
import { Visit } from './visit.mjs';
import { controlsTheDesktop, seesTheDesktopChange } from './page_desktop.mjs';
import { movesFiles } from './page_files.mjs';
import { losesNothing, stopsATurn, streams } from './page_chat.mjs';

const [url, folder, key] = process.argv.slice(2);
const visit = await Visit.begin(url, folder, key);

async function signsIn() {
  const { page } = visit;
  await page.getByLabel('API key').fill('not-the-key');
  await page.keyboard.press('Enter');
  await page.getByText('The server does not know this key').waitFor();
  await visit.checkAccessibility('sign-in');
  await visit.picture('sign-in');
  await page.getByLabel('API key').fill(key);
  await page.keyboard.press('Enter');
}

async function startsASession() {
  const { page, gate } = visit;
  await page.getByRole('heading', { name: 'What should we build?' }).waitFor();
  await page.getByText('No sessions yet').waitFor();
  await visit.checkAccessibility('home');
  await visit.picture('home');
  await isToldWhatIsWrong();
  const starting = gate.hold(frame => frame.metadata?.phase === 'starting_container');
  await page.getByLabel('Your prompt').fill('hello');
  await page.keyboard.press('Enter');
  await starting;
  await page.getByRole('progressbar').waitFor();
  assert.ok(Number(await page.getByRole('progressbar').getAttribute('value')) >= 20);
  await visit.picture('starting');
  gate.release();
  await page.getByRole('progressbar').waitFor({ state: 'detached' });
  await visit.turns(1);
  visit.sessionId = page.url().split('/').at(-1);
}

// What is wrong with the form, in the server's words; that the network is away.
async function isToldWhatIsWrong() {
  const { page } = visit;
  await page.getByLabel('Your prompt').fill('hello');
  await page.getByText('Environment, model and time').click();
  await page.getByLabel('Model').fill('nonsense:model');
  await page.getByRole('button', { name: 'Start session' }).click();
  await page.getByRole('alert').filter({ hasText: 'no provider for the model' }).waitFor();
  await page.getByLabel('Model').fill('');
  await page.context().setOffline(true);
  await page.getByText('You are offline.').waitFor();
  await page.getByRole('button', { name: 'Start session' }).click();
  await page.getByRole('alert').filter({ hasText: 'The server cannot be reached' }).waitFor();
  await page.context().setOffline(false);
  await page.getByText('You are offline.').waitFor({ state: 'detached' });
}

async function isReadableOnAPhone() {
  const phone = await visit.another({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true, colorScheme: 'dark' });
  await phone.getByRole('tab', { name: 'Chat' }).waitFor();
  await phone.locator('.turn').first().waitFor();
  for (const tab of ['Desktop', 'Files', 'Chat']) {
    await phone.getByRole('tab', { name: tab }).click();
    if (tab === 'Desktop') await phone.locator('.desktop canvas').waitFor();
    if (tab === 'Files') await phone.locator('.listing').waitFor();
    const width = await phone.evaluate(() => document.documentElement.scrollWidth);
    assert.equal(width, 390, `${tab} is wider than the phone`);
    await visit.checkAccessibility(`phone, ${tab}`, phone);
    await visit.picture(`phone-${tab.toLowerCase()}`, phone);
  }
  await phone.getByRole('link', { name: 'All sessions' }).click();
  await phone.getByRole('link', { name: 'hello' }).waitFor();
  await visit.picture('phone-home', phone);
  await phone.close();
}

async function deletesTheSession() {
  const { page } = visit;
  await page.getByRole('button', { name: 'Delete the session' }).click();
  await page.getByRole('button', { name: 'Delete', exact: true }).click();
  await page.getByText('This session was deleted').waitFor();
  const before = await visit.told();
  await page.reload();
  await page.getByText('This session was deleted').waitFor();
  await visit.until('the conversation can still be read', async () => (await visit.told()).length === before.length);
  await page.locator('.chip.status-terminated').first().waitFor();
}

async function signsOut() {
  await visit.page.getByRole('button', { name: 'Sign out' }).click();
  await visit.page.getByLabel('API key').waitFor();
}

try {
  if (key) await signsIn();
  await startsASession();
  await streams(visit);
  await seesTheDesktopChange(visit);
  await controlsTheDesktop(visit);
  await stopsATurn(visit);
  await movesFiles(visit);
  await losesNothing(visit);
  await isReadableOnAPhone();
  await deletesTheSession();
  if (key) await signsOut();
  visit.checkNoComplaints();
} catch (error) {
  await visit.picture('failed');
  throw error;
} finally {
  await visit.end();
}
