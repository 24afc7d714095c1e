import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { freeTcpPort } from '../../../tools/lib/ports.mjs';
import { type LiveWorld, startLiveWorld } from '../support/live-world.js';
import { describeLive } from '../support/livekit-server.js';
import { signalJoin } from '../support/livekit-signal.js';
import { itWithLiveKitPython, itWithPython, PYTHON, python } from '../support/python.js';
import { until } from '../support/until.js';
import { AUDIENCE, ISSUER, UserIssuer } from '../support/user-jwt.js';

const PAGE = readFileSync(join(import.meta.dirname, '../../../docs/token-endpoint.md'), 'utf8');

/** As a reader copies it from the page. */
function codeOf(name: string): string {
  const code = new RegExp('```' + name + '\\n([\\s\\S]*?)\\n```').exec(PAGE)?.[1];
  if (code === undefined) throw new Error(`docs/token-endpoint.md has no block "${name}"`);
  return code;
}

const JOIN = `
import asyncio, json, sys
from livekit import rtc

async def main():
    answer = json.loads(sys.stdin.read())
    room = rtc.Room()
    await room.connect(answer["server_url"], answer["participant_token"])
    print(room.local_participant.identity, flush=True)
    await asyncio.sleep(float(sys.argv[1]))
    await room.disconnect()

asyncio.run(main())
`;

describeLive('the page about token endpoints', () => {
  let dir: string;
  let world: LiveWorld;
  let app: LiveWorld['app'];
  let issuer: UserIssuer;
  const children: ChildProcess[] = [];

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'rolecall-docs-'));
    issuer = await UserIssuer.create();
    world = await startLiveWorld({
      ROLECALL_GATE: 'on',
      ROLECALL_USER_JWT_ISSUER: ISSUER,
      ROLECALL_USER_JWT_AUDIENCE: AUDIENCE,
      ROLECALL_USER_JWT_PUBLIC_KEY: await issuer.pem(),
    });
    ({ app } = world);
    await app.post('/api/v1/rooms', { name: 'town-hall', defaultTemplate: 'viewer' });
  });

  afterAll(async () => {
    for (const child of children) child.kill('SIGKILL');
    await world?.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  const file = (name: string, text: string) => {
    const path = join(dir, name);
    writeFileSync(path, text);
    return path;
  };
  const isThere = async (identity: string) =>
    (await app.get('/api/v1/rooms/town-hall/seats')).body.some(
      (seat: { identity: string; isPresent: boolean }) =>
        seat.identity === identity && seat.isPresent,
    );

  it('has a route for applications with sessions that works as it is', async () => {
    await app.post('/api/v1/users', { identity: 'ana' });
    const { body } = await app.post('/api/v1/api-keys', {
      name: 'the application',
      permissions: ['token.issue'],
    });
    const port = await freeTcpPort();
    const server = spawn(process.execPath, [file('server.mjs', codeOf('js node'))], {
      env: { ROLECALL_URL: app.url, ROLECALL_API_KEY: body.key, PORT: String(port) },
    });
    children.push(server);
    let said = '';
    server.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
    await until('it listens', () => said.includes('listening'));
    const ask = (user?: string) =>
      fetch(`http://127.0.0.1:${port}/token`, {
        method: 'POST',
        headers: user === undefined ? {} : { 'x-user': user },
        body: JSON.stringify({ room_name: 'town-hall' }),
      });
    expect((await ask()).status).toBe(401);
    expect((await ask('nobody')).status).toBe(404);
    const answer = await ask('ana');
    expect(answer.status).toBe(201);
    const { server_url: url, participant_token: token } = (await answer.json()) as Record<
      string,
      string
    >;
    const ana = await signalJoin(url ?? '', token ?? '');
    ana.close();
  });

  itWithPython('shows Python that Python takes', () => {
    const before = python('-c', `import ast, sys; ast.parse(sys.argv[1])`, codeOf('python before'));
    expect([before.status, before.stderr]).toEqual([0, '']);
  });

  it('shows JavaScript that Node takes', () => {
    const blocks = [...PAGE.matchAll(/```js.*\n([\s\S]*?)\n```/g)].map(([, code]) => code!);
    expect(blocks.length).toBeGreaterThanOrEqual(4);
    for (const code of blocks) {
      const args = ['--check', file('shown.mjs', code)];
      const check = spawnSync(process.execPath, args, { encoding: 'utf8' });
      expect([check.status, check.stderr]).toEqual([0, '']);
    }
  });

  /** The page's own client asks, with the user's JWT. */
  async function fetchInPython(identity: string) {
    const client = spawn(PYTHON, [file('client.py', codeOf('python client'))], {
      env: {
        ...process.env,
        ROLECALL_URL: app.url,
        USER_JWT: await issuer.sign({ sub: identity }),
        ROOM: 'town-hall',
      },
    });
    children.push(client);
    let [out, err] = ['', ''];
    client.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
    client.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
    const status = await new Promise((resolve) => client.once('close', resolve));
    expect([status, err]).toEqual([0, '']);
    return out;
  }

  itWithPython('has a Python client that gets a token to join with', async () => {
    const answer = JSON.parse(await fetchInPython('bea')) as Record<string, string>;
    const bea = await signalJoin(answer['server_url'] ?? '', answer['participant_token'] ?? '');
    bea.close();
  });

  itWithLiveKitPython('whose token LiveKit’s Python SDK joins with', async () => {
    const answer = await fetchInPython('cleo');
    const participant = spawn(PYTHON, [file('join.py', JOIN), '20']);
    children.push(participant);
    participant.stdin.end(answer);
    let said = '';
    participant.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
    await until('she is connected', () => said.includes('cleo'));
    await until('Rolecall sees her', () => isThere('cleo'));
    participant.kill('SIGTERM');
  });
});
