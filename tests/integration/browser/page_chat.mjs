// The chat of the page.
import assert from 'node:assert/strict';

// An answer grows while it is written, is Markdown, and runs nothing that is in it.
export async function streams(visit) {
  const { page, gate } = visit;
  const ended = await visit.countTurns();
  let deltas = 0;
  const streaming = gate.hold(frame => frame.type === 'agent_delta' && ++deltas === 12);
  await visit.say('stream');
  await streaming;
  const partial = page.locator('.answer.streaming');
  await partial.getByRole('heading', { name: 'The plan' }).waitFor();
  assert.equal(await partial.getByText('the last line').count(), 0);
  await visit.picture('streaming');
  gate.release();
  await visit.turns(ended + 1);
  const answer = page.locator('.answer').last();
  await answer.getByText('the last line').waitFor();
  assert.equal(await page.locator('.streaming').count(), 0);
  assert.equal(await answer.locator('table').count(), 1);
  assert.equal(await answer.locator('script, iframe, img, [onerror], [style], [href^=javascript]').count(), 0);
  assert.equal(await page.evaluate(() => window.ranSomething), undefined);
}

// A prompt that is written meanwhile waits, Esc stops the turn, and the other one runs.
export async function stopsATurn(visit) {
  const { page } = visit;
  const ended = await visit.countTurns();
  await visit.say('sleep');
  await page.locator('.tool.running').waitFor();
  await visit.say('after that');
  await page.locator('.prompt.pending', { hasText: 'queued' }).waitFor();
  await page.getByRole('button', { name: 'Stop' }).waitFor();
  await visit.picture('queued');
  await page.getByLabel('Message to the agent').press('Escape');
  await visit.turns(ended + 2);
  assert.match(await page.locator('.item.turn').nth(ended).innerText(), /Stopped/);
  assert.match(await page.locator('.item.turn').nth(ended + 1).innerText(), /Done/);
  assert.equal(await page.locator('.prompt.pending').count(), 0);
  await page.getByText('I go on.').waitFor();
}

// A reload in the middle of a turn, then a connection that breaks in another one: nothing is missing, nothing is there twice.
export async function losesNothing(visit) {
  const { page, gate } = visit;
  let ended = await visit.countTurns();
  const middle = gate.hold(frame => frame.metadata?.tool_used === 'edit_file');
  await visit.say('tools');
  await middle;
  await page.getByLabel('Message to the agent').fill('half a thought');
  gate.release();
  await page.reload();
  await visit.turns(ended + 1);
  assert.equal(await page.getByLabel('Message to the agent').inputValue(), 'half a thought');
  await expectWholeLog(visit);

  ended = await visit.countTurns();
  const again = gate.hold(frame => frame.metadata?.outcome !== undefined);
  await visit.say('tools');
  await again;
  await gate.breakDown();
  await page.getByText('Reconnecting.').waitFor();
  await visit.say('written while away');
  await visit.picture('reconnecting');
  await page.getByRole('button', { name: 'Try now' }).waitFor();
  gate.mend();
  await visit.until('the connection', async () => {
    await page.evaluate(() => document.querySelector('.banner.waiting button')?.click()); // it may have gone by itself
    return await page.locator('.banner').count() === 0;
  });
  await visit.turns(ended + 2);
  await expectWholeLog(visit);
  await showsCalls(visit);
}

// What the server's log has is what the page shows.
async function expectWholeLog(visit) {
  const { events } = JSON.parse(await visit.ask(`session/${visit.sessionId}/events?after=0&limit=1000`));
  const count = type => events.filter(event => event.type === type).length;
  const answers = events.filter(event => event.type === 'agent_message' && event.data.content).length;
  const shown = async selector => visit.page.locator(`.scroller > .item${selector}`).count();
  assert.deepEqual(
    { prompts: await shown('.prompt'), answers: await shown('.answer'), calls: await shown('.tool'), turns: await shown('.turn') },
    { prompts: count('user_prompt'), answers, calls: count('tool_intent'), turns: count('turn_finished') });
  assert.equal(await visit.page.locator('.tool.running, .tool.unknown').count(), 0);
}

async function showsCalls(visit) {
  const { page } = visit;
  await page.locator('.tool .row', { hasText: 'Edit' }).last().click();
  await page.locator('.diff .added', { hasText: 'zwei' }).waitFor();
  await page.locator('.diff .removed', { hasText: 'two' }).waitFor();
  await page.locator('.tool .row', { hasText: 'seq 1 3000' }).last().click();
  // All of it, not only the beginning that its frame has.
  await page.getByRole('button', { name: 'Show all 300' }).click();
  await page.locator('.inside pre', { hasText: '3000' }).last().waitFor();
  await visit.checkAccessibility('session with open calls');
  await visit.picture('calls');
  await page.getByRole('button', { name: /^Colours/ }).click();
  await page.getByRole('button', { name: /^Colours: light/ }).click();
  await visit.checkAccessibility('session, dark');
  await visit.picture('dark');
}
