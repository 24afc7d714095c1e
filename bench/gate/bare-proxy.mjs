// The least that can stand between a client and LiveKit: it joins the two sockets, whoever comes.
// What the gate costs over this is its decision; what this costs over nothing is the hop.
import http from 'node:http';

const target = new URL(process.env.BENCH_TARGET);
const server = http.createServer((_request, response) => response.writeHead(404).end());
server.on('upgrade', (request, socket, head) => {
  const upstream = http.request({
    hostname: target.hostname,
    port: target.port,
    path: request.url,
    headers: { ...request.headers, host: target.host },
    agent: false,
  });
  socket.on('error', () => socket.destroy());
  upstream.on('error', () => socket.destroy());
  upstream.on('response', () => socket.destroy());
  upstream.on('upgrade', (response, remote, remoteHead) => {
    const lines = ['HTTP/1.1 101 Switching Protocols'];
    for (let i = 0; i < response.rawHeaders.length; i += 2) {
      lines.push(`${response.rawHeaders[i]}: ${response.rawHeaders[i + 1]}`);
    }
    socket.write(`${lines.join('\r\n')}\r\n\r\n`);
    if (remoteHead.byteLength > 0) socket.write(remoteHead);
    if (head.byteLength > 0) remote.write(head);
    for (const side of [socket, remote]) {
      side.on('error', () => socket.destroy());
      side.on('close', () => (socket.destroy(), remote.destroy()));
    }
    socket.pipe(remote).pipe(socket);
  });
  upstream.end();
});
server.listen(Number(process.env.PORT), '127.0.0.1', () => console.log('ready'));
