// A browser at the page, with what every part of the test needs of it.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { until } from './canvas.mjs';
import { launch } from './chromium.mjs';
import { Gate } from './gate.mjs';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const kPatience = 60000; // on a machine that has much else to do
// Told by the browser itself of what the test brings about: refused keys, broken connections. And by noVNC where a desktop
// is closed while a picture is being drawn: it looks at what came meanwhile once more when that is done.
const kExpected = /status of (400|401|404|409)|WebSocket|net::ERR_|Got data while in an invalid state/;

export class Visit {
  gate = new Gate();
  sessionId = '';
  #complaints = [];

  static async begin(url, folder, key) {
    const visit = new Visit();
    Object.assign(visit, { url, folder, key });
    visit.browser = await launch();
    visit.page = await visit.#open({ viewport: { width: 1440, height: 900 }, colorScheme: 'light' });
    await visit.gate.install(visit.page);
    await visit.page.goto(url);
    return visit;
  }

  async #open(options) {
    const context = await this.browser.newContext({ ...options, acceptDownloads: true, reducedMotion: 'reduce' });
    const page = await context.newPage();
    page.setDefaultTimeout(kPatience);
    page.on('pageerror', error => this.#complaints.push(`page error: ${error.message}`));
    page.on('console', message => {
      if (message.type() === 'error' && !kExpected.test(message.text())) this.#complaints.push(message.text());
    });
    return page;
  }

  // A second browser at the same session.
  async another(options) {
    const page = await this.#open(options);
    if (this.key) await page.addInitScript(key => sessionStorage.setItem('ottobot.key', key), this.key);
    await page.goto(`${this.url}/#/session/${this.sessionId}`);
    return page;
  }

  until(what, holds) {
    return until(this.page, what, holds);
  }

  async say(text) {
    await this.page.getByLabel('Message to the agent').fill(text);
    await this.page.keyboard.press('Enter');
  }

  // Until so many turns have ended.
  async turns(count) {
    await this.until(`the end of turn ${count}`, async () => await this.page.locator('.item.turn').count() >= count);
  }
  countTurns() {
    return this.page.locator('.item.turn').count();
  }

  // The conversation's items as the page shows them, an entry for each.
  told(page = this.page) {
    return page.locator('.scroller > .item').evaluateAll(items => items.map(item => `${item.className}: ${item.innerText}`));
  }

  async ask(path) {
    const response = await fetch(`${this.url}/${path}`, { headers: this.key ? { Authorization: `Bearer ${this.key}` } : {} });
    return response.ok ? response.text() : '';
  }
  file(path) {
    return this.ask(`download/${this.sessionId}/${path}`);
  }

  picture(name, page = this.page) {
    return page.screenshot({ path: join(this.folder, `${name}.png`) });
  }

  async checkAccessibility(where, page = this.page) {
    await page.evaluate(axe);
    const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
    const serious = violations.filter(one => ['serious', 'critical'].includes(one.impact));
    const told = serious.map(one => `${one.id}: ${one.help}\n  ${one.nodes.map(node => node.html).join('\n  ')}`);
    assert.deepEqual(told, [], `accessibility of ${where}`);
  }

  checkNoComplaints() {
    assert.deepEqual([...new Set(this.#complaints)], []);
  }

  end() {
    return this.browser.close();
  }
}
