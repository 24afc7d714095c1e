/**
 * The API in memory, for looking at screens without a database. Never shipped; the tests that count
 * run against the real server. `node test/fake-server.mjs [port]`, sign in with anything.
 */
import { createServer } from 'node:http';
import { randomBytes, randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const dist = process.env.DIST ?? fileURLToPath(new URL('../dist', import.meta.url));
const port = Number(process.argv[2] ?? 4310);
const isEmpty = process.argv.includes('--empty');
const ago = (minutes) => new Date(Date.now() - minutes * 60_000).toISOString();

const permissions = (
  'room.read room.create room.update room.close room.delete user.read user.create user.update ' +
  'user.delete role_template.read role_template.write role_template.publish assignment.read ' +
  'assignment.create assignment.update assignment.delete token.issue token.issue_as token.preview ' +
  'seat.read seat.promote seat.demote seat.block seat.remove seat.mute ledger.read operator.read ' +
  'operator.create operator.update api_key.read api_key.create api_key.revoke metrics.read demo.remove'
).split(' ');
const roles = {
  admin: permissions,
  moderator: permissions.filter((p) => /^(room|user|role_template)\.read|^token|^seat/.test(p)),
  auditor: permissions.filter((p) => p.endsWith('.read') || p === 'token.preview'),
};

const grants = { roomJoin: true, canSubscribe: true, canPublish: false, canPublishSources: [] };
const template = (key, name, color) => ({
  ...{ id: key, key, name, color, description: '', isBuiltIn: true, isArchived: false },
  ...{ published: 1, publishedAt: ago(9000), grants, ttl: 600, metadata: null, attributes: null },
  ...{ draft: null, assignments: 3, live: 2 },
});
const db = {
  'role-templates': [
    template('viewer', 'Viewer', '#2f6fb5'),
    template('speaker', 'Speaker', '#0b7a75'),
    template('presenter', 'Presenter', '#8b3fb0'),
    template('host', 'Host', '#b3541e'),
    template('recorder', 'Recorder', null),
  ],
  rooms: ['town-hall', 'standup/东京 100%', 'green-room', 'عرض الفريق', 'archive-2025'].map(
    (name, i) => ({
      ...{ id: name, name, title: i === 0 ? 'Town hall' : '', emptyTimeout: 300 },
      ...{ departureTimeout: 20, maxParticipants: i === 1 ? 12 : 0, metadata: '' },
      ...{ defaultTemplate: i === 2 ? null : 'viewer', promoteTemplate: null, isClosed: i === 4 },
      ...{ unlistedParticipants: 'allow', numParticipants: [214, 3, 0, 1, 0][i] },
      ...{ liveSince: i < 2 ? ago(42) : null, createdAt: ago(5000 - i * 900) },
    }),
  ),
  users: ['Ana Ruiz', 'Bo Chen', 'Cy Okafor', 'דנה לוי', 'Captions agent'].map((name, i) => ({
    ...{ id: `u-${i}`, identity: `${name.split(' ')[0].toLowerCase()}-9${i}`, name },
    ...{
      kind: i === 4 ? 'agent' : 'standard',
      metadata: '',
      attributes: i ? {} : { team: 'blue' },
    },
    ...{ isSuspended: i === 2, createdAt: ago(i * 700 + 3) },
  })),
  assignments: [
    [{ user: 'u-0' }, { pattern: 'town-*' }, 'speaker', 'active', 'Ana Ruiz', ago(-4000)],
    [{ user: 'u-1' }, { room: 'town-hall' }, 'host', 'upcoming', 'Bo Chen', null],
    [{ everyone: true }, { all: true }, 'viewer', 'active', 'Everyone', null],
    [{ user: 'u-2' }, { room: 'green-room' }, 'presenter', 'expired', 'Cy Okafor', ago(700)],
  ].map(([subject, scope, key, status, subjectLabel, validUntil], i) => ({
    ...{ id: `a-${i}`, subject, scope, template: key, priority: 0, validFrom: null, validUntil },
    ...{ reason: 'Panel', status, subjectLabel, createdBy: 'Lee', createdAt: ago(i * 80 + 9) },
  })),
  operators: [
    ['o-1', 'lee@example.org', 'Lee Park', [{ role: 'admin' }]],
    ['o-2', 'kim@example.org', 'Kim', [{ role: 'moderator', rooms: ['town-*', 'green-room'] }]],
    ['o-3', 'audit@example.org', 'Audra', [{ role: 'auditor' }]],
  ].map(([id, email, name, access], i) => ({
    ...{ id, email, name, access, isDisabled: i === 2, lastSignedInAt: i ? null : ago(3) },
    createdAt: ago(9000),
  })),
  'access-roles': Object.entries(roles).map(([key, held]) => ({
    ...{ id: key, key, name: key[0].toUpperCase() + key.slice(1), isBuiltIn: true },
    ...{ description: 'What this access role is for.', permissions: held },
    ceiling: key === 'moderator' ? grants : null,
  })),
  'api-keys': [
    {
      ...{ id: 'k-1', name: 'Back end', permissions: ['token.issue'], rooms: ['town-*'] },
      ...{ expiresAt: null, createdAt: ago(800), createdBy: 'Lee', lastUsedAt: ago(1) },
      ...{ isRevoked: false, prefix: 'rck_7Fq2' },
    },
  ],
};
const kinds = [
  ['token.issued', 'ok'],
  ['seat.promoted', 'applied'],
  ['token.refused', 'refused'],
  ['drift.repaired', 'applied'],
  ['operator.signed_in', 'ok'],
  ['seat.demoted', 'pending'],
];
const because = [
  { rule: 'assignment', outcome: 'wins', text: 'Assigned Speaker in town-* by Lee' },
  { rule: 'everyone', outcome: 'loses', text: 'Everyone gets Viewer in all rooms' },
  { rule: 'assignment', outcome: 'near_miss', text: 'Presenter in green-room expired yesterday' },
];
let seq = 0;
const entry = (minutes) => {
  seq += 1;
  const [kind, outcome] = kinds[seq % kinds.length];
  const isToken = kind.startsWith('token.');
  return {
    ...{ id: `${String(100000 + seq)}-0-${seq}`, seq, at: ago(minutes), kind, outcome },
    ...{ actor: { kind: 'operator', id: 'o-1', label: 'Lee Park' }, room: 'town-hall' },
    ...{ identity: `ana-9${seq % 5}`, requestId: randomUUID(), operationId: null },
    ...{ reason: seq % 4 ? null : 'asked for the floor', template: 'speaker', version: 1 },
    payload: { template: 'speaker', version: 1, ms: 12, ok: true, tokenTtl: 600, nothing: null },
    ...(isToken && { because, jti: randomUUID(), tokenHash: randomBytes(32).toString('hex') }),
    ...(isToken && { ttl: 600, expiresAt: ago(minutes - 10), grants }),
  };
};
let ledger = Array.from({ length: 640 }, (_, i) => entry((640 - i) * 7)).reverse();
if (isEmpty) {
  for (const name of ['rooms', 'users', 'assignments', 'api-keys']) db[name] = [];
  ledger = [];
}

let me = null;
const signIn = (email) => {
  const key = email.split('@')[0] in roles ? email.split('@')[0] : 'admin';
  me = {
    operator: { id: 'o-1', email, name: key === 'admin' ? 'Lee Park' : key },
    permissions: roles[key],
    ...{ rooms: null, accessRoles: [key], ceiling: null },
  };
  return me;
};
const status = () => ({
  ...{ version: '0.1.0', startedAt: ago(90), gate: 'on', sweep: { lastAt: ago(0), ms: 14.2 } },
  livekit: {
    state: 'up',
    url: 'ws://127.0.0.1:7880',
    clientUrl: 'ws://127.0.0.1:3000',
    since: ago(89),
  },
  demo: { isPresent: !isEmpty },
});

const TYPES = { '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' };

function page(response, name) {
  const nonce = randomBytes(16).toString('base64');
  const csp = `default-src 'self'; style-src 'self' 'nonce-${nonce}'; connect-src 'self' ws: wss:; object-src 'none'; base-uri 'none'`;
  response.writeHead(200, { 'Content-Type': 'text/html', 'Content-Security-Policy': csp });
  response.end(readFileSync(join(dist, name), 'utf8').replaceAll('__CSP_NONCE__', nonce));
}

function problem(response, code, extra) {
  response.writeHead(code, { 'Content-Type': 'application/problem+json' });
  response.end(JSON.stringify({ status: code, requestId: randomUUID(), ...extra }));
}

function json(response, body, headers = {}, code = 200) {
  response.writeHead(code, { 'Content-Type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
}

const tag = (record) => `"${Buffer.from(JSON.stringify(record)).length}-${record.rev ?? 0}"`;

function keyset(response, url, entries) {
  const limit = Number(url.searchParams.get('limit') ?? 50);
  const from = Number(url.searchParams.get('cursor') ?? 0);
  const { from: since, to, ...filter } = JSON.parse(url.searchParams.get('filter') ?? '{}');
  const found = entries.filter(
    (each) =>
      (!since || each.at >= since) &&
      (!to || each.at <= to) &&
      Object.entries(filter).every(([key, value]) =>
        key === 'actor' ? each.actor.label.includes(value) : String(each[key]).includes(value),
      ),
  );
  const next = from + limit < found.length ? String(from + limit) : null;
  json(response, { data: found.slice(from, from + limit), pageInfo: { next, prev: null } });
}

const server = createServer(async (request, response) => {
  const url = new URL(request.url, 'http://fake');
  if (!url.pathname.startsWith('/api/v1')) {
    const file = join(dist, decodeURIComponent(url.pathname));
    const isAsset = /^\/(assets\/|favicon)/.test(url.pathname) && existsSync(file);
    if (!isAsset)
      return page(response, url.pathname.startsWith('/join') ? 'join.html' : 'index.html');
    response.writeHead(200, { 'Content-Type': TYPES[extname(file)] ?? 'text/plain' });
    return response.end(readFileSync(file));
  }
  let text = '';
  for await (const chunk of request) text += chunk;
  const body = text ? JSON.parse(text) : {};
  const [, , , resource, id, verb] = url.pathname.split('/').map(decodeURIComponent);
  if (resource === 'session') {
    if (request.method === 'DELETE') {
      me = null;
      response.writeHead(204);
      return response.end();
    }
    if (body.password === 'wrong') return problem(response, 401, { detail: 'Wrong' });
    return json(response, signIn(body.email));
  }
  if (url.searchParams.has('signIn')) signIn(url.searchParams.get('signIn'));
  if (!me) return problem(response, 401, { detail: 'Sign in' });
  if (resource === 'me') return json(response, me);
  if (resource === 'status') return json(response, status());
  if (resource === 'permissions') {
    return json(
      response,
      permissions.map((p) => ({ id: p, description: `May ${p.replace('.', ' ')}` })),
    );
  }
  if (resource === 'explain') {
    return json(response, {
      ...{ verdict: 'allow', template: 'speaker', version: 1, source: 'assignment', ttl: 600 },
      ...{ grants, because },
    });
  }
  if (resource === 'events') {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' });
    response.write('id: 1\nevent: hello\ndata: {}\n\n');
    const timer = setInterval(() => response.write('id: 2\nevent: ping\ndata: {}\n\n'), 5_000);
    return request.on('close', () => clearInterval(timer));
  }
  if (resource === 'ledger' || resource === 'issuances') {
    const entries =
      resource === 'ledger' ? ledger : ledger.filter(({ kind }) => kind.startsWith('token.'));
    if (!id) return keyset(response, url, entries);
    const found = entries.find((each) => each.id === id);
    return found ? json(response, found) : problem(response, 404, { detail: 'No such entry' });
  }
  const records = db[resource];
  if (!records) return problem(response, 404, { detail: 'No such route' });
  if (!id && request.method === 'GET') {
    const filter = JSON.parse(url.searchParams.get('filter') ?? '{}');
    const [from, to] = JSON.parse(url.searchParams.get('range') ?? '[0,24]');
    const [field, order] = JSON.parse(url.searchParams.get('sort') ?? '["id","ASC"]');
    const found = records
      .filter((record) =>
        Object.entries(filter).every(([key, value]) => {
          if (key === 'q')
            return JSON.stringify(record).toLowerCase().includes(value.toLowerCase());
          if (key === 'id') return value.includes(record.id);
          if (key === 'isLive') return record.numParticipants > 0 === value;
          if (key === 'user') return record.subject.user === value;
          return record[key] === value;
        }),
      )
      .sort(
        (a, b) =>
          String(a[field]).localeCompare(String(b[field]), 'en', { numeric: true }) *
          (order === 'DESC' ? -1 : 1),
      );
    return json(response, found.slice(from, to + 1), {
      'Content-Range': `${resource} ${from}-${to}/${found.length}`,
    });
  }
  if (!id) {
    if (body.name === 'taken') {
      return problem(response, 409, { detail: 'Taken', errors: { name: 'This name is taken' } });
    }
    const key = body.name && resource === 'rooms' ? body.name : randomUUID();
    const record = { id: key, identity: key, createdAt: ago(0), numParticipants: 0, ...body };
    if (resource === 'operators') record.temporaryPassword = 'wolf-tin-ladder-7';
    if (resource === 'api-keys') record.key = `rck_${randomBytes(24).toString('base64url')}`;
    records.push(record);
    return json(response, record, { ETag: tag(record) }, 201);
  }
  const record = records.find((each) => each.id === id);
  if (!record) return problem(response, 404, { detail: 'Not found' });
  if (request.method === 'DELETE') {
    records.splice(records.indexOf(record), 1);
    response.writeHead(204);
    return response.end();
  }
  if (request.method === 'PUT') {
    if (body.title === 'conflict' && !record.rev) record.rev = 1;
    if (request.headers['if-match'] !== tag(record)) return problem(response, 412, {});
    Object.assign(record, body, { rev: (record.rev ?? 0) + 1 });
  }
  if (verb) Object.assign(record, { isClosed: verb === 'close' });
  return json(response, record, { ETag: tag(record) });
});

server.listen(port, '127.0.0.1', () => console.log(`http://127.0.0.1:${port}`));
