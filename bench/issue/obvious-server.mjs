// The baseline: what one writes first. Express, TypeORM repositories, the SDK's AccessToken, save().
// Same work as POST /api/v1/tokens: authenticate, find user, room and role, log the token, answer.
import 'reflect-metadata';
import { createHash, randomUUID } from 'node:crypto';
import express from 'express';
import { AccessToken } from 'livekit-server-sdk';
import { DataSource, EntitySchema } from 'typeorm';

const text = (extra = {}) => ({ type: 'text', ...extra });
const ApiKey = new EntitySchema({
  name: 'ApiKey',
  columns: { id: { type: 'uuid', primary: true }, hash: text({ unique: true }), name: text() },
});
const User = new EntitySchema({
  name: 'User',
  columns: { id: { type: 'uuid', primary: true }, identity: text({ unique: true }), name: text() },
});
const Room = new EntitySchema({
  name: 'Room',
  columns: { name: text({ primary: true }), defaultRole: text() },
});
const Role = new EntitySchema({
  name: 'Role',
  columns: { key: text({ primary: true }), grants: { type: 'jsonb' }, ttl: { type: 'int' } },
});
const Assignment = new EntitySchema({
  name: 'Assignment',
  columns: {
    id: { type: 'uuid', primary: true, generated: 'uuid' },
    identity: text(),
    room: text(),
    role: text(),
  },
  indices: [{ columns: ['identity', 'room'] }],
});
const Issuance = new EntitySchema({
  name: 'Issuance',
  columns: {
    id: { type: 'uuid', primary: true, generated: 'uuid' },
    at: { type: 'timestamptz', createDate: true },
    actor: text(),
    room: text(),
    identity: text(),
    role: text(),
    jti: text(),
    tokenHash: text(),
    grants: { type: 'jsonb' },
    ttl: { type: 'int' },
    ip: text({ nullable: true }),
    reason: text({ nullable: true }),
  },
  indices: [{ columns: ['room'] }, { columns: ['identity'] }],
});

const db = new DataSource({
  type: 'postgres',
  url: process.env.DATABASE_URL,
  entities: [ApiKey, User, Room, Role, Assignment, Issuance],
  synchronize: true, // a throw-away database
});
await db.initialize();
const { BENCH_KEY: key, LIVEKIT_API_KEY, LIVEKIT_API_SECRET } = process.env;
const hashOf = (value) => createHash('sha256').update(value).digest('hex');
await db.getRepository(ApiKey).save({ id: randomUUID(), hash: hashOf(key), name: 'bench' });
await db.getRepository(Role).save({
  key: 'viewer',
  ttl: 600,
  grants: { roomJoin: true, canSubscribe: true, canPublish: false, canPublishData: true },
});
for (const name of JSON.parse(process.env.BENCH_ROOMS)) {
  await db.getRepository(Room).save({ name, defaultRole: 'viewer' });
}
for (const identity of JSON.parse(process.env.BENCH_IDENTITIES)) {
  await db.getRepository(User).save({ id: randomUUID(), identity, name: identity });
}

const app = express();
app.use(express.json());
app.post('/api/v1/tokens', async (request, response) => {
  const secret = request.headers.authorization?.slice('Bearer '.length) ?? '';
  const apiKey = await db.getRepository(ApiKey).findOneBy({ hash: hashOf(secret) });
  if (!apiKey) return response.status(401).end();
  const { room: name, identity } = request.body;
  const user = await db.getRepository(User).findOneBy({ identity });
  const room = await db.getRepository(Room).findOneBy({ name });
  if (!user || !room) return response.status(404).end();
  const assignment = await db.getRepository(Assignment).findOneBy({ identity, room: name });
  const role = await db
    .getRepository(Role)
    .findOneBy({ key: assignment?.role ?? room.defaultRole });
  const token = new AccessToken(LIVEKIT_API_KEY, LIVEKIT_API_SECRET, {
    identity,
    name: user.name,
    ttl: role.ttl,
  });
  token.addGrant({ room: name, ...role.grants });
  const jwt = await token.toJwt();
  const jti = randomUUID();
  await db.getRepository(Issuance).save({
    actor: apiKey.id,
    room: name,
    identity,
    role: role.key,
    jti,
    tokenHash: hashOf(jwt),
    grants: role.grants,
    ttl: role.ttl,
    ip: request.ip,
  });
  response.status(201).json({ token: jwt, jti, identity, room: name });
});
const server = app.listen(Number(process.env.PORT), '127.0.0.1', () => console.log('ready'));
process.on('SIGTERM', () => server.close(() => process.exit(0)));
