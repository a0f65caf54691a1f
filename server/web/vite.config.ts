import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Plugin } from 'vite';
import { defineConfig } from 'vitest/config';

// `npm run dev`: the page from here, everything else from a running server.
const server = process.env['OTTOBOT_URL'] ?? 'http://127.0.0.1:3000';
const routes = ['/session', '/download', '/health', '/docs', '/openapi.json', '/metrics'];

// NAME.gz beside every file that gets smaller by it.
const gzip: Plugin = {
  name: 'gzip',
  writeBundle(options, bundle) {
    for (const name of Object.keys(bundle).filter((one) => /\.(js|css|html|svg)$/.test(one))) {
      const file = join(options.dir ?? '', name);
      writeFileSync(`${file}.gz`, gzipSync(readFileSync(file), { level: 9 }));
    }
  },
};

export default defineConfig({
  base: './', // the server may be behind a prefix
  plugins: [gzip],
  build: {
    target: 'es2022',
    assetsInlineLimit: 0, // nothing that the page's policy would have to allow for it
    modulePreload: { polyfill: false },
  },
  server: { proxy: Object.fromEntries(routes.map((route) => [route, { target: server, ws: true }])) },
  test: { include: ['tests/**/*.test.ts'], environment: 'node' },
});
