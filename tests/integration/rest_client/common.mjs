// What both scripts need: requests, chat, waiting. Everything has a deadline.
import WebSocket from 'ws';

export const base = process.argv[2];
const PATIENCE_MS = 60_000;

export async function call(method, path, body, headers = {}) {
  const answer = await fetch(base + path, {
    method,
    headers: body === undefined ? headers : {'Content-Type': 'application/json', ...headers},
    body: body === undefined ? undefined : JSON.stringify(body),
    redirect: 'manual',
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
  const text = await answer.text();
  const is_json = (answer.headers.get('content-type') ?? '').includes('json');
  return {status: answer.status, headers: answer.headers, text, body: is_json ? JSON.parse(text) : undefined};
}

export class Chat {
  frames = [];
  #waiting = new Set();

  constructor(url) {
    this.socket = new WebSocket(url);
    this.socket.on('message', data => {
      this.frames.push(JSON.parse(data));
      for (const look of this.#waiting) look();
    });
    this.opened = new Promise((resolve, reject) => this.socket.on('open', resolve).on('error', reject));
  }

  send(frame) { this.socket.send(JSON.stringify(frame)); }

  // The first frame from `start` on that `wanted` accepts.
  until(wanted, start = 0) {
    return new Promise((resolve, reject) => {
      const look = () => {
        const found = this.frames.slice(start).find(wanted);
        if (!found) return;
        clearTimeout(timer);
        this.#waiting.delete(look);
        resolve(found);
      };
      const timer = setTimeout(() => {
        reject(new Error('no such frame; got ' + JSON.stringify(this.frames.slice(start), null, 1)));
      }, PATIENCE_MS);
      this.#waiting.add(look);
      look();
    });
  }

  close() { this.socket.close(); }
}

