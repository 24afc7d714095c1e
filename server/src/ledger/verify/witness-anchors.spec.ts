import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it } from '@jest/globals';
import { SIGNATURE_TYPES } from '../tree/note.js';
import { generateSigningKey } from '../tree/note-keys.js';
import { parsePolicy } from '../witness/policy.js';
import type { TrustedKeys } from './trusted-keys.js';
import { witnessAnchors } from './witness-anchors.js';

it('a witness whose answer never ends fills no memory', async () => {
  let sent = 0;
  const nothing = () => {
    throw new Error('it says nothing');
  };
  const server = createServer((_, response) => {
    const chunk = Buffer.alloc(64 * 1024, 'x');
    const more = () => {
      while (!response.destroyed && response.write(chunk)) sent += chunk.length;
    };
    response.on('drain', more);
    more();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const { vkey } = generateSigningKey('w.example', SIGNATURE_TYPES.ed25519Cosignature);
    const { port } = server.address() as AddressInfo;
    const policy = parsePolicy(`witness w ${vkey} http://127.0.0.1:${port}\nquorum w\n`);
    const keys: TrustedKeys = {
      origin: 'log.example',
      problem: null,
      open: nothing,
      openNewest: nothing,
      vkeysSince: () => [],
    };
    expect(await witnessAnchors(policy, keys)).toEqual({
      anchors: [],
      silent: [{ name: 'w', why: expect.stringMatching(/too long/) }],
      isMet: false,
    });
    expect(sent).toBeLessThan(32 * 1024 * 1024);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});
