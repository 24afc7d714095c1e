import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import { TestLog } from '../../../test/support/witnessed-log.js';
import { areEqual } from '../tree/bytes.js';
import { openCheckpoint } from '../tree/checkpoint.js';
import { SIGNATURE_TYPES } from '../tree/note.js';
import { generateSigningKey, verifierOf } from '../tree/note-keys.js';
import { Cosigning } from './cosigning.js';
import { parsePolicy } from './policy.js';
import { Witness } from './witness.js';
import { createWitnessServer } from './witness-server.js';
import { WitnessState } from './witness-state.js';

const folder = mkdtempSync(join(tmpdir(), 'rolecall-cosigning-'));
const servers: Server[] = [];
let count = 0;

async function listen(server: Server): Promise<string> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A witness that runs, as a line of a policy. */
async function witnessOf(log: TestLog, name: string): Promise<string> {
  const key = generateSigningKey(`${name}.example`, SIGNATURE_TYPES.ed25519Cosignature);
  const path = join(folder, String(++count));
  await WitnessState.create(path);
  const state = await WitnessState.open(path);
  const logKeys = () => [verifierOf(log.key.vkey)];
  const witness = new Witness({ signers: [key], logKeys, state });
  return `witness ${name} ${key.vkey} ${await listen(createWitnessServer(witness, () => undefined))}`;
}

function cosigningOf(log: TestLog, policy: string) {
  const kept: [number, string][] = [];
  const alarms: string[] = [];
  const cosigning = new Cosigning(
    parsePolicy(policy),
    {
      newest: async () => log.checkpoint(),
      consistencyProof: async (a, b) => log.proof(a, b),
      keep: async (size, { name }) => void kept.push([size, name]),
      contradicts: async (note) => contradicts(log, note),
    },
    ({ detail }) => alarms.push(detail),
  );
  return { cosigning, kept, alarms };
}

/** As the server finds out: the log has signed it, and does not continue it. */
function contradicts(log: TestLog, note: string): boolean {
  try {
    const { size, root } = openCheckpoint(note, log.origin, [verifierOf(log.key.vkey)]);
    return size > log.size || !areEqual(root, log.root(size));
  } catch {
    return false;
  }
}

afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('cosigning', () => {
  it('asks all witnesses, and those that are behind from where they are', async () => {
    const log = new TestLog().grow(10);
    const policy = `${await witnessOf(log, 'a')}\n${await witnessOf(log, 'b')}\ngroup g all a b\nquorum g`;
    const { cosigning, kept, alarms } = cosigningOf(log, policy);
    expect(await cosigning.offerNewest()).toEqual({ size: 10, isMet: true });
    log.grow(500);
    // Another server has to find out what they cosigned last.
    const other = cosigningOf(log, policy);
    expect(await other.cosigning.offerNewest()).toEqual({ size: 510, isMet: true });
    expect(other.kept.sort()).toEqual([
      [510, 'a'],
      [510, 'b'],
    ]);
    expect(kept).toHaveLength(2);
    expect(other.cosigning.standings.map(({ cosigned }) => cosigned?.size)).toEqual([510, 510]);
    expect([alarms, other.alarms]).toEqual([[], []]);
  });

  it('is done with the quorum, while one hangs and one is away', async () => {
    const log = new TestLog().grow(10);
    const hanging = await listen(createServer(() => undefined));
    const away = await listen(createServer());
    await new Promise((resolve) => servers.pop()?.close(resolve));
    const key = (name: string) => generateSigningKey(name, SIGNATURE_TYPES.ed25519Cosignature).vkey;
    const { cosigning } = cosigningOf(
      log,
      `${await witnessOf(log, 'a')}
       witness b ${key('b')} ${hanging}
       witness c ${key('c')} ${away}
       group g any a b c
       quorum g`,
    );
    const began = performance.now();
    expect(await cosigning.offerNewest()).toEqual({ size: 10, isMet: true });
    expect(performance.now() - began).toBeLessThan(4_000);
    await cosigning.stop();
    const [a, b, c] = cosigning.standings;
    expect(a).toMatchObject({ cosigned: { size: 10 }, lastError: null });
    expect(b).toMatchObject({ cosigned: null, lastError: expect.any(String) });
    expect(c).toMatchObject({ cosigned: null, lastError: expect.stringMatching(/ECONNREFUSED/) });
  });

  it('says when the quorum is not met, and by whom', async () => {
    const log = new TestLog().grow(10);
    const stranger = new TestLog().grow(1);
    const { cosigning } = cosigningOf(log, `${await witnessOf(stranger, 'a')}\nquorum a`);
    expect(await cosigning.offerNewest()).toEqual({ size: 10, isMet: false });
    expect(cosigning.standings[0]?.lastError).toMatch(/404 .*add the key of the log/);
  });

  it('takes no signature of another key', async () => {
    const log = new TestLog().grow(10);
    const line = await witnessOf(log, 'a');
    const other = generateSigningKey('a.example', SIGNATURE_TYPES.ed25519Cosignature).vkey;
    const { cosigning, kept } = cosigningOf(log, `${line.replace(/\S+\+\S+/, other)}\nquorum a`);
    expect(await cosigning.offerNewest()).toEqual({ size: 10, isMet: false });
    expect(kept).toEqual([]);
  });

  it.each([
    ['rolled back', (log: TestLog) => log.rewrite(8), /rolled back: the witness a cosigned 10 /],
    ['cut and grown', (log: TestLog) => log.rewrite(8).grow(9), /rewritten: the witness a /],
    ['rewritten', (log: TestLog) => log.rewrite(0).grow(10), /rewritten: the witness a /],
  ])('raises one alarm when the log was %s', async (_, change, detail) => {
    const log = new TestLog().grow(10);
    const policy = `${await witnessOf(log, 'a')}\nquorum a`;
    await cosigningOf(log, policy).cosigning.offerNewest();
    change(log);
    const { cosigning, alarms } = cosigningOf(log, policy);
    expect(await cosigning.offerNewest()).toMatchObject({ isMet: false });
    expect(alarms).toEqual([expect.stringMatching(detail)]);
    expect(cosigning.alarms).toHaveLength(1);
  });

  it.each([
    ['409 with a size', 409, '1000\n'],
    ['422', 422, 'another history\n'],
  ])('is not stopped by a witness that only says so: %s', async (_, status, body) => {
    const log = new TestLog().grow(10);
    const foreign = new TestLog().grow(20).checkpoint().note;
    for (const shown of [foreign, log.checkpoint(7).note, 'nothing', null]) {
      const url = await listen(
        createServer((request, response) => {
          const isAsked = request.method === 'GET';
          response.writeHead(isAsked ? (shown === null ? 404 : 200) : status);
          response.end(isAsked ? shown : body);
        }),
      );
      const { vkey } = generateSigningKey('a.example', SIGNATURE_TYPES.ed25519Cosignature);
      const { cosigning, alarms } = cosigningOf(log, `witness a ${vkey} ${url}\nquorum a`);
      expect(await cosigning.offerNewest()).toEqual({ size: 10, isMet: false });
      expect(alarms).toEqual([]);
      expect(cosigning.standings[0]?.lastError).toMatch(/shows no checkpoint that proves it/);
    }
  });
});
