// What a reverse proxy with one port for everything does, for a port of the loopback in a container:
// http://127.0.0.1:PORT/some/prefix/… is /… there. Connections go through `docker exec`.
import { spawn } from 'node:child_process';
import { createServer, request } from 'node:http';
import { Duplex } from 'node:stream';

const kRelay = "const c = require('net').connect(+process.argv[1], '127.0.0.1'); process.stdin.pipe(c); c.pipe(process.stdout)";

function connect(container, port) {
  const child = spawn('docker', ['exec', '-i', container, 'node', '-e', kRelay, String(port)], { stdio: ['pipe', 'pipe', 'inherit'] });
  const stream = Duplex.from({ readable: child.stdout, writable: child.stdin });
  stream.on('error', () => {}).on('close', () => child.kill());
  for (const name of ['setTimeout', 'setNoDelay', 'setKeepAlive', 'ref', 'unref']) stream[name] = () => stream;
  return stream;
}

// The server, listening on a free port.
export async function sandboxProxy(container, port, prefix) {
  const onward = (from, headers) => request({
    method: from.method, path: from.url.slice(prefix.length), headers,
    createConnection: () => connect(container, port),
  });
  const forwarded = from => ({ ...from.headers, 'x-forwarded-host': from.headers.host });
  const server = createServer((from, to) => {
    if (!from.url.startsWith(`${prefix}/`)) return to.writeHead(404).end();
    const asked = onward(from, { ...forwarded(from), connection: 'close' });
    asked.on('response', answer => { to.writeHead(answer.statusCode, answer.headers); answer.pipe(to); });
    asked.on('error', () => to.destroy());
    from.pipe(asked);
  });
  server.on('upgrade', (from, socket) => {
    const asked = onward(from, forwarded(from));
    asked.on('upgrade', (answer, other, head) => {
      socket.write(`HTTP/1.1 101 Switching Protocols\r\n${raw(answer.rawHeaders)}\r\n`);
      socket.write(head);
      socket.pipe(other).pipe(socket);
      socket.on('error', () => other.destroy());
    });
    asked.on('response', answer => socket.end(`HTTP/1.1 ${answer.statusCode} refused\r\n\r\n`));
    asked.on('error', () => socket.destroy());
    asked.end();
  });
  await new Promise(done => server.listen(0, '127.0.0.1', done));
  return server;
}

function raw(headers) {
  let lines = '';
  for (let i = 0; i < headers.length; i += 2) lines += `${headers[i]}: ${headers[i + 1]}\r\n`;
  return lines;
}
