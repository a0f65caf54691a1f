import { expect, test } from 'vitest';
import { Client } from '../src/api/client';
import { appLink } from '../src/session/app_link';

test('the agent\'s localhost is the sandbox', () => {
  expect(appLink('http://localhost:5173')).toEqual({ port: 5173, path: '/' });
  expect(appLink('http://127.0.0.1:8080/a/b?c=d#e')).toEqual({ port: 8080, path: '/a/b?c=d#e' });
  expect(appLink('http://0.0.0.0:80/')).toEqual({ port: 80, path: '/' });
  expect(appLink('http://[::1]:3000/')).toEqual({ port: 3000, path: '/' });
});

test('other links lead out of the page', () => {
  for (const href of ['https://localhost:5173/', 'http://localhost/', 'http://localhost:0/', 'http://localhost:70000/',
    'http://localhost.evil.com:80/', 'http://example.com:5173/', 'http://localhost:80.evil.com/', 'mailto:a@localhost:80']) {
    expect(appLink(href)).toBeNull();
  }
});

test('a link does not leave the app', async () => {
  const client = new Client(new URL('http://server/'), { key: () => null, refused: () => {} });
  expect(await client.previewUrl('s', 80, '/a?b')).toBe('http://server/session/s/preview/80/a?b');
  for (const path of ['/../../vnc/vnc.html?host=evil', '/%2e%2e/81/', '/..\\..\\files']) {
    await expect(client.previewUrl('s', 80, path)).rejects.toThrow('leaves the app');
  }
});
