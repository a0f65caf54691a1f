// @modelcontextprotocol/sdk, stateless as its documentation shows: a server and a transport per request, JSON answers.
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { z } from 'zod';
import { listen, readWorkspaceFile } from './mcp_shared.mjs';

listen(async (request, response) => {
  const server = new McpServer({ name: 'peer', version: '1.0.0' });
  server.registerTool('read_file', { inputSchema: { path: z.string() } }, async ({ path }) => ({
    content: [{ type: 'text', text: await readWorkspaceFile(path) }],
  }));
  const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: undefined, enableJsonResponse: true });
  response.on('close', () => {
    transport.close();
    server.close();
  });
  await server.connect(transport);
  await transport.handleRequest(request, response);
});
