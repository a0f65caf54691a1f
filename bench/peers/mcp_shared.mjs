// What every MCP peer serves: read_file on one file of 1 KiB, on 127.0.0.1, at a port that the first line of output names.
import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { join, resolve, sep } from 'node:path';

const workspace = resolve(process.argv[2] ?? '.');

export const readWorkspaceFile = async (path) => {
  const file = resolve(join(workspace, path));
  if (!file.startsWith(workspace + sep)) throw new Error('outside of the workspace');
  return readFile(file, 'utf8');
};

export function listen(handler) {
  const server = createServer(handler);
  server.keepAliveTimeout = 60000;
  server.listen(0, '127.0.0.1', () => console.log(`listening on http://127.0.0.1:${server.address().port}`));
}
