// No SDK: node:http, JSON.parse, the tool, JSON.stringify. Runs on Node and, unchanged, on Bun.
import { listen, readWorkspaceFile } from './mcp_shared.mjs';

listen((request, response) => {
  const pieces = [];
  request.on('data', (piece) => pieces.push(piece));
  request.on('end', async () => {
    const message = JSON.parse(Buffer.concat(pieces).toString());
    const text = await readWorkspaceFile(message.params.arguments.path);
    const body = JSON.stringify({ jsonrpc: '2.0', id: message.id, result: { content: [{ type: 'text', text }] } });
    response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) });
    response.end(body);
  });
});
