// Files into the workspace and out of it.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

async function saved(page, click) {
  const [download] = await Promise.all([page.waitForEvent('download'), click()]);
  return { name: download.suggestedFilename(), bytes: readFileSync(await download.path()) };
}

export async function movesFiles(visit) {
  const { page } = visit;
  await page.getByRole('tab', { name: 'Files' }).click();
  await page.getByRole('button', { name: /typed\.txt/ }).waitFor();
  await page.getByLabel('Files to upload').setInputFiles({ name: 'ähm & 1.txt', mimeType: 'text/plain', buffer: Buffer.from('up and down\n') });
  const uploaded = page.locator('.listing').getByRole('button', { name: /ähm & 1\.txt/ });
  await uploaded.waitFor();
  const file = await saved(page, () => uploaded.click());
  assert.equal(file.name, 'ähm & 1.txt');
  assert.equal(file.bytes.toString(), 'up and down\n');

  await page.locator('.listing').getByRole('button', { name: /folder/ }).click();
  await page.locator('.listing').getByRole('button', { name: /inside\.txt/ }).waitFor();
  const dropped = await page.evaluateHandle(() => {
    const data = new DataTransfer();
    data.items.add(new File(['dropped\n'], 'dropped.txt'));
    return data;
  });
  await page.locator('.file-browser').dispatchEvent('drop', { dataTransfer: dropped });
  await page.locator('.listing').getByRole('button', { name: /dropped\.txt/ }).waitFor();
  assert.equal(await visit.file('folder/dropped.txt'), 'dropped\n');
  await visit.checkAccessibility('files');
  await visit.picture('files');

  const zip = await saved(page, () => page.getByRole('button', { name: 'All as zip' }).click());
  assert.match(zip.name, /^ottobot-session-.*\.zip$/);
  assert.equal(zip.bytes.subarray(0, 2).toString(), 'PK');
  assert.ok(zip.bytes.includes('folder/dropped.txt'));
  await page.getByRole('tab', { name: 'Desktop' }).click();
}
