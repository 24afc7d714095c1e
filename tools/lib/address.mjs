import { PlainError } from './errors.mjs';
import { tcpPortProblem } from './ports.mjs';

const DEFAULT_PORT = 3000;

/** The default port gives way to the next free one; a port that someone chose does not. */
export async function chooseAddress({ port: asked }, environment, notice) {
  const host = environment.HOST || '127.0.0.1';
  const chosen = asked ?? (environment.PORT ? Number(environment.PORT) : undefined);
  const wanted = chosen || DEFAULT_PORT;
  const problem = await tcpPortProblem(wanted, host);
  if (!problem) return { host, port: wanted };
  if (problem === 'EADDRNOTAVAIL' || problem === 'ENOTFOUND') {
    throw new PlainError(
      `HOST is ${host}, which is no address of this machine.`,
      '127.0.0.1 is for this machine alone, 0.0.0.0 for whoever reaches it.',
    );
  }
  if (chosen) {
    throw new PlainError(
      problem === 'EACCES'
        ? `Port ${wanted} may not be listened on by this user.`
        : `Port ${wanted} on ${host} is already in use.`,
      'Choose another one with: npm start -- --port N',
    );
  }
  for (let port = wanted + 1; port < wanted + 1000; port += 1) {
    if (await tcpPortProblem(port, host)) continue;
    notice(`Port ${wanted} is already in use; taking ${port}`);
    return { host, port };
  }
  throw new PlainError(
    `No port from ${wanted} on is free on ${host}.`,
    'Name one with: npm start -- --port N',
  );
}

/** As seen from this machine: a server that listens everywhere is reached on loopback. */
export function urlOf(host, port) {
  const reachable = { '0.0.0.0': '127.0.0.1', '::': '[::1]' }[host] ?? host;
  return `http://${reachable.includes(':') && !reachable.startsWith('[') ? `[${reachable}]` : reachable}:${port}`;
}
