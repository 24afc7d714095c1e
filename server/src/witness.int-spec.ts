import { spawnSync } from 'node:child_process';
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { until } from '../test/support/until.js';
import { WitnessProcess } from '../test/support/witness-process.js';
import { TestLog } from '../test/support/witnessed-log.js';
import { openNote } from './ledger/tree/note.js';
import { verifierOf } from './ledger/tree/note-keys.js';
import { originHash } from './ledger/witness/witness-state.js';

const folder = mkdtempSync(join(tmpdir(), 'rolecall-witness-'));

let log: TestLog;
let witness: WitnessProcess;

/** Whether the answer is a cosignature of the log's checkpoint. */
function hasCosigned(of: TestLog, answer: string): boolean {
  const note = of.checkpoint().note + answer;
  return openNote(note, [verifierOf(witness.vkey)]).signatures.length === 1;
}

beforeEach(async () => {
  log = new TestLog().grow(5);
  witness = await new WitnessProcess(folder, [log.key.vkey]).start();
});
afterEach(() => witness.kill());
afterAll(() => rmSync(folder, { recursive: true }));

describe('a witness', () => {
  it('cosigns what continues the checkpoint that it cosigned last, and serves it', async () => {
    const first = await witness.post(log.request(0));
    expect([first.status, hasCosigned(log, first.text)]).toEqual([200, true]);
    log.grow(300);
    const second = await witness.post(log.request(5));
    expect([second.status, hasCosigned(log, second.text)]).toEqual([200, true]);
    const again = await witness.post(log.request(305));
    expect([again.status, hasCosigned(log, again.text)]).toEqual([200, true]);
    const shown = await fetch(`${witness.url}/${originHash(log.origin)}/checkpoint`);
    const keys = [verifierOf(log.key.vkey), verifierOf(witness.vkey)];
    expect(openNote(await shown.text(), keys).signatures).toHaveLength(2);
    expect((await fetch(`${witness.url}/${originHash('other')}/checkpoint`)).status).toBe(404);
  });

  it('writes nothing for a checkpoint that it has, whoever repeats it', async () => {
    await witness.post(log.request(0));
    const file = join(`${witness.key}.state`, originHash(log.origin));
    const { ino } = statSync(file);
    const again = await witness.post(log.request(5));
    expect([again.status, hasCosigned(log, again.text)]).toEqual([200, true]);
    expect(statSync(file).ino).toBe(ino);
    await witness.post(log.grow(1).request(5));
    expect(statSync(file).ino).not.toBe(ino);
    expect(readFileSync(file, 'utf8')).toContain('\n6\n');
  });

  it('takes a limited number of connections at a time', async () => {
    const { hostname, port } = new URL(witness.url);
    const sockets = Array.from({ length: 300 }, () => connect(Number(port), hostname));
    const ended = new Set<Socket>();
    for (const socket of sockets) {
      socket.on('error', () => undefined).on('close', () => ended.add(socket));
    }
    try {
      await until('it refuses what is too much', () => ended.size === 50);
    } finally {
      for (const socket of sockets) socket.destroy();
    }
    await until('the others are gone', () => ended.size === sockets.length);
    const answer = await until('it answers again', () =>
      witness.post(log.request(0)).catch(() => null),
    );
    expect(answer.status).toBe(200);
  });

  it('answers with its size to what does not begin there', async () => {
    await witness.post(log.request(0));
    const answer = await witness.post(log.grow(3).request(0));
    expect(answer).toEqual({ status: 409, type: 'text/x.tlog.size', text: '5\n' });
    const smaller = await witness.post(log.request(3, 4));
    expect(smaller).toMatchObject({ status: 409, text: '5\n' });
  });

  it('refuses a second history, and a proof that does not fit', async () => {
    await witness.post(log.request(0));
    log.rewrite(4).grow(1);
    expect(await witness.post(log.request(5))).toMatchObject({ status: 422 });
    expect(await witness.post(log.grow(9).request(5))).toMatchObject({ status: 422 });
    const other = new TestLog();
    witness.know([log.key.vkey, other.key.vkey]);
    const withProof = other
      .grow(9)
      .request(0)
      .replace('old 0\n', `old 0\n${'A'.repeat(43)}=\n`);
    expect(await witness.post(withProof)).toMatchObject({ status: 422 });
    const [, ...lines] = other.request(0).split('\n');
    lines[2] = '0';
    const unsigned = ['old 0', ...lines].join('\n');
    expect(await witness.post(unsigned)).toMatchObject({ status: 403 });
    expect(await witness.post(new TestLog().request(0))).toMatchObject({ status: 404 });
  });

  it.each<[string, (log: TestLog) => string, number]>([
    ['an old size that is larger', (l) => l.request(0).replace('old 0', 'old 6'), 400],
    ['leading zeroes', (l) => l.request(0).replace('old 0', 'old 00'), 400],
    ['no old size', (l) => l.request(0).replace('old 0\n', ''), 400],
    ['a hash that is too short', (l) => l.request(0).replace('\n\n', '\nAAAA\n\n'), 400],
    ['64 hashes', (l) => l.request(0).replace('\n', `\n${`${'A'.repeat(43)}=\n`.repeat(64)}`), 400],
    ['no checkpoint', () => 'old 0\n\nhello\n', 400],
    ['nothing', () => '', 400],
    ['a wrong signature', (l) => l.request(0).replace(/\n\d+\n/, '\n6\n'), 403],
    ['another origin', (l) => l.request(0).replaceAll(l.origin, 'x.example'), 404],
    ['much', () => 'x'.repeat(300_000), 413],
  ])('refuses %s', async (_, body, status) => {
    expect((await witness.post(body(log))).status).toBe(status);
    expect((await witness.post(log.request(0))).status).toBe(200);
  });

  it('cosigns one of several that begin at the same size', async () => {
    await witness.post(log.request(0));
    const bodies = Array.from({ length: 8 }, () => log.grow(1).request(5));
    const answers = await Promise.all(bodies.map((body) => witness.post(body)));
    const statuses = answers.map(({ status }) => status).sort((a, b) => a - b);
    expect(statuses).toEqual([200, ...Array<number>(7).fill(409)]);
  });

  it('is not made unreadable by who sends a public checkpoint with its signature repeated', async () => {
    await witness.post(log.request(0));
    const shown = await fetch(`${witness.url}/${originHash(log.origin)}/checkpoint`);
    const note = await shown.text();
    const [signed = ''] = note.split('\n').filter((line) => line.startsWith(`— ${log.origin} `));
    const text = note.slice(0, note.indexOf('\n\n') + 1);
    const repeated = `old 5\n\n${text}\n${`${signed}\n`.repeat(100)}`;
    expect((await witness.post(repeated)).status).toBe(200);
    log.grow(3);
    expect((await witness.post(log.request(5))).status).toBe(200);
    await witness.post(`old 8\n\n${log.checkpoint().note}${signed}\n`);
    await witness.kill();
    await witness.start();
    log.grow(1);
    expect((await witness.post(log.request(8))).status).toBe(200);
  });

  it('remembers what it answered when it is killed', async () => {
    let size = 0;
    for (let i = 0; i < 5; i++) {
      expect((await witness.post(log.request(size))).status).toBe(200);
      size = log.size;
      await witness.kill();
      await witness.start();
      log.rewrite(size - 1).grow(40);
      expect((await witness.post(log.request(size))).status).toBe(422);
      expect((await witness.post(log.request(0))).text).toBe(`${size}\n`);
      // What it would have to see to go on is gone: the log is another one from now on.
      log = new TestLog().grow(3);
      witness.know([log.key.vkey]);
      size = 0;
    }
  });

  it('does not start without its state, nor with one that is damaged', async () => {
    await witness.post(log.request(0));
    await witness.kill();
    const state = `${witness.key}.state`;
    const run = () => witness.run(...witness.options);
    renameSync(state, `${state}.away`);
    expect(run()).toMatchObject({ status: 2, stderr: expect.stringMatching(/second history/) });
    renameSync(`${state}.away`, state);
    const [file] = readdirSync(state);
    writeFileSync(join(state, file as string), 'torn');
    expect(run()).toMatchObject({ status: 2, stderr: expect.stringMatching(/cannot be read/) });
  });

  it('keeps its key to itself', () => {
    expect(readFileSync(witness.key, 'utf8')).toMatch(/^PRIVATE\+KEY\+w\.example\/1\+/);
    expect(spawnSync('stat', ['-c', '%a', witness.key], { encoding: 'utf8' }).stdout).toBe('600\n');
    const again = witness.run('keygen', '--key', witness.key, '--name', 'w.example/1');
    expect(again.status).not.toBe(0);
  });
});
