import fs from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { sendRaw } from '../../test/support/raw-http.js';
import { type Json, startTestApp, type TestApp } from '../../test/support/test-app.js';
import { BODY_LIMIT } from '../configure-app.js';

let app: TestApp;

beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.stop());

const post = (path: string, body: string | Buffer, headers: Record<string, string> = {}) =>
  app.inject('POST', `/api/v1/${path}`, { as: app.admin, body, headers });

describe('a body', () => {
  it.each<[string, string | Buffer, Record<string, string>, number, string]>([
    ['that is too large', `{"name":"${'x'.repeat(BODY_LIMIT)}"}`, {}, 413, 'request.too_large'],
    [
      'of another type',
      '<name/>',
      { 'content-type': 'text/xml' },
      415,
      'request.unsupported_media_type',
    ],
    ['of no type', '{}', { 'content-type': '' }, 415, 'request.unsupported_media_type'],
    ['that is half', '{"name":', {}, 400, 'request.malformed_json'],
    ['that is empty but for spaces', ' ', {}, 400, 'request.malformed_json'],
    ['in Latin-1', Buffer.from('{"name":"\xe9"}', 'latin1'), {}, 400, 'request.wrong_encoding'],
    ['in UTF-16', Buffer.from('{"name":"x"}', 'utf16le'), {}, 400, 'request.malformed_json'],
    ['with a prototype', '{"name":"x","__proto__":{"isAdmin":true}}', {}, 400, 'request.invalid'],
    ['with an escaped one', '{"name":"x","\\u005f_proto__":1}', {}, 400, 'request.invalid'],
    ['with a deep prototype', '{"name":"x","a":{"__proto__":1}}', {}, 400, 'request.invalid'],
    ['that is a list', '[]', {}, 400, 'request.invalid'],
    ['that is nothing', 'null', {}, 400, 'request.invalid'],
    ['that never ends', '['.repeat(100_000), {}, 400, 'request.malformed_json'],
    [
      'that is packed',
      Buffer.from('H4sIAAAAAAAAAw==', 'base64'),
      { 'content-encoding': 'gzip' },
      400,
      'request.wrong_encoding',
    ],
  ])('%s is refused, and nothing is done', async (_, body, headers, status, code) => {
    const before = (await app.ledger()).length;
    const answer = await post('rooms', body, headers);
    expect([answer.status, answer.body.code]).toEqual([status, code]);
    expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
    expect(answer.body.requestId).toBe(answer.headers['x-request-id']);
    expect(await app.ledger()).toHaveLength(before);
  });

  it('names every wrong field at once, each with what is wrong', async () => {
    const wrong = { title: 7, emptyTimeout: 'long', colour: 'red', unlistedParticipants: 'maybe' };
    const { status, body } = await post('rooms', JSON.stringify(wrong));
    expect(status).toBe(400);
    expect(Object.keys(body.errors).sort()).toEqual(
      ['colour', 'emptyTimeout', 'name', 'title', 'unlistedParticipants'].sort(),
    );
  });
});

describe('a list', () => {
  beforeAll(async () => {
    for (let i = 0; i < 30; i++)
      await app.newUser({ identity: `listed-${String(i).padStart(2, '0')}` });
  });
  const list = (search: Record<string, string>) =>
    app.inject('GET', `/api/v1/users?${new URLSearchParams(search)}`, { as: app.admin });

  it('says which rows of how many it has, also past the end', async () => {
    const first = await list({ range: '[0,9]', sort: '["identity","ASC"]' });
    expect(first.headers['content-range']).toBe('users 0-9/30');
    expect(first.body.map((user: Json) => user.identity)[9]).toBe('listed-09');
    expect((await list({ range: '[25,49]' })).headers['content-range']).toBe('users 25-29/30');
    const past = await list({ range: '[100,109]' });
    expect([past.body, past.headers['content-range']]).toEqual([[], 'users */30']);
  });

  it('is sorted as asked also where it is short', async () => {
    const keys = async (sort: string) =>
      (await app.inject('GET', `/api/v1/access-roles?sort=${sort}`, { as: app.admin })).body.map(
        ({ key }: Json) => key,
      );
    expect(await keys('["name","ASC"]')).toEqual(['admin', 'auditor', 'moderator']);
    expect(await keys('["key","DESC"]')).toEqual(['moderator', 'auditor', 'admin']);
  });

  it('takes what is searched for literally', async () => {
    await app.newUser({ identity: 'with_underscore' });
    const found = async (q: string) =>
      (await list({ filter: JSON.stringify({ q }) })).body.map((user: Json) => user.identity);
    expect(await found('h_u')).toEqual(['with_underscore']);
    for (const q of ['%', '\\', 'listed-0_', "' OR '1'='1"])
      expect([q, await found(q)]).toEqual([q, []]);
  });

  it.each([
    ['range', '[0,1000]'],
    ['range', '[5,4]'],
    ['range', '[0,1,2]'],
    ['range', '0-9'],
    ['sort', '["password_hash","ASC"]'],
    ['sort', '["name","ASC; DROP TABLE app_user"]'],
    ['filter', '{"unknown":1}'],
    ['filter', '{"q":{"$gt":""}}'],
    ['page', '2'],
  ])('refuses %s=%s by name', async (field, value) => {
    const { status, body } = await list({ [field]: value });
    expect([status, Object.keys(body.errors)[0]?.split('.')[0]]).toEqual([400, field]);
  });
});

describe('an address that is not percent-encoded UTF-8', () => {
  it.each([
    ['users?filter=%ff', 'filter'],
    ['users?filter=%7B%22q%22:%22%ff%22%7D', 'filter'],
    ['users?sort=%zz&range=[0,1]', 'sort'],
    ['explain?room=a%ffb&identity=x', 'room'],
    ['explain?room=a&identity=%c3', 'identity'],
    ['rooms/a%ff/seats', 'room'],
  ])('%s is refused by name, after who may', async (address, field) => {
    const { status, body } = await app.inject('GET', `/api/v1/${address}`, { as: app.admin });
    expect([status, Object.keys(body.errors)[0]?.split('.')[0]]).toEqual([400, field]);
    expect((await app.inject('GET', `/api/v1/${address}`)).status).toBe(401);
  });
});

describe('what is no HTTP', () => {
  let port: number;
  beforeAll(async () => {
    await app.app.listen(0, '127.0.0.1');
    ({ port } = app.app.getHttpServer().address() as { port: number });
  });

  it.each([
    [400, 'request.invalid', 'nonsense\r\n\r\n'],
    [400, 'request.invalid', 'GET /api/v1/rooms/é HTTP/1.1\r\nHost: x\r\n\r\n'],
    [431, 'request.headers_too_large', `GET / HTTP/1.1\r\nX: ${'x'.repeat(300_000)}\r\n\r\n`],
  ])('is answered %i %s as everything else is', async (status, code, bytes) => {
    const answer = await sendRaw(port, bytes);
    expect(answer.status).toBe(status);
    expect(answer.text).toMatch(/content-type: application\/problem\+json/i);
    expect(JSON.parse(answer.text.split('\r\n\r\n')[1]!)).toMatchObject({ status, code });
  });
});

describe('a client that offers HTTP/2 with each request, as Java’s does', () => {
  const offer = [
    'Connection: Upgrade, HTTP2-Settings',
    'Upgrade: h2c',
    'HTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA',
  ];
  const ask = async (line: string, headers: string[], body = '') => {
    const { port } = app.app.getHttpServer().address() as { port: number };
    const head = [`${line} HTTP/1.1`, 'Host: 127.0.0.1', ...offer, ...headers];
    const { status, text, socket } = await sendRaw(port, [...head, '', body].join('\r\n'));
    socket.destroy();
    return { status, body: text.split('\r\n\r\n')[1] ?? '' };
  };

  it('is answered in HTTP/1.1', async () => {
    const { cookie, origin } = app.admin.headers;
    const signedIn = [`Cookie: ${cookie}`, `Origin: ${origin}`];
    expect(await ask('GET /healthz', [])).toEqual({ status: 200, body: '{"status":"ok"}' });
    expect((await ask('GET /api/v1/me', [])).status).toBe(401);
    expect((await ask('GET /api/v1/me', signedIn)).status).toBe(200);
    const room = JSON.stringify({ name: 'offered' });
    const about = ['Content-Type: application/json', `Content-Length: ${room.length}`];
    const made = await ask('POST /api/v1/rooms', [...signedIn, ...about], room);
    expect([made.status, JSON.parse(made.body).name]).toEqual([201, 'offered']);
  });
});

describe('every answer', () => {
  it.each([
    '/api/v1/me',
    '/api/v1/nothing',
    '/api/openapi.json',
    '/api/v1/rooms/%zz',
    '/%61pi/v1/me',
    '/healthz',
  ])('at %s is not kept, sniffed or framed', async (url) => {
    const { headers } = await app.inject('GET', url, { as: app.admin });
    expect(headers['x-content-type-options']).toBe('nosniff');
    expect(headers['x-request-id']).toBeTruthy();
    if (url !== '/healthz') expect(headers['cache-control']).toBe('no-store');
    expect(headers['access-control-allow-origin']).toBeUndefined();
    expect(headers['x-powered-by'] ?? headers.server).toBeUndefined();
  });

  it('carries the id that the caller gave, when it is harmless', async () => {
    const idOf = async (id: string) =>
      (await app.inject('GET', '/healthz', { headers: { 'x-request-id': id } })).headers[
        'x-request-id'
      ];
    expect(await idOf('from-the-caller-1')).toBe('from-the-caller-1');
    for (const hostile of ['short', 'x'.repeat(101), '{"level":"error"}', 'a b c d e f g h']) {
      expect(await idOf(hostile)).toMatch(/^[\da-f-]{36}$/);
    }
  });
});

describe('the log', () => {
  afterEach(() => {
    jest.restoreAllMocks();
  });

  it('has one line of JSON per request, whatever the request says', async () => {
    const noisy = await startTestApp({ environment: { ROLECALL_LOG: 'info' } });
    let written = '';
    jest.spyOn(fs, 'writeSync').mockImplementation((_: number, data: string) => {
      written += data;
      return Buffer.byteLength(data);
    });
    const forged = 'x\r\n{"level":"info","msg":"forged"}\u2028\u001b[31m';
    try {
      for (let i = 0; i < 3; i++) {
        await noisy.inject('POST', `/api/v1/rooms/${encodeURIComponent(forged)}/close`, {
          as: noisy.admin,
          headers: { 'user-agent': 'a\tb', 'x-request-id': 'a-good-request-id' },
        });
      }
    } finally {
      await noisy.stop();
      jest.restoreAllMocks();
    }
    const lines = written.split('\n').filter((line) => line !== '');
    const requests = lines.map((line) => JSON.parse(line)).filter((l) => l.msg === 'request');
    expect(requests).toHaveLength(3);
    expect(requests[0]).toMatchObject({
      method: 'POST',
      route: '/api/v1/rooms/:room/close',
      status: 404,
      requestId: 'a-good-request-id',
    });
    expect(written).not.toContain('forged');
  });
});
