// A room full of people, in Postgres and in the LiveKit double alike, so that acts on them work.
import pg from 'pg';
import { toParticipantPermission } from '../../server/dist/grants/compile-grant.js';

export const ROOM = 'hall';
const SPEAKERS = 30;

/** Some of them are called so that a search finds just them: `bulk-…`. */
export async function seedRoom({ database, livekit, rolecall, people, bulk }) {
  await rolecall.post('/rooms', { name: ROOM, defaultTemplate: 'viewer' });
  const identities = Array.from({ length: people }, (_, i) => identityOf(i, people, bulk));
  const permissions = {
    viewer: await permissionOf(rolecall, 'viewer'),
    speaker: await permissionOf(rolecall, 'speaker'),
  };
  // LiveKit runs the room from the first token on.
  await rolecall.post('/tokens', { room: ROOM, identity: 'first', createUser: true });
  await livekit.ask(
    'join',
    identities.map((identity, i) => ({
      room: ROOM,
      identity,
      permission: asLiveKitHasIt(i < SPEAKERS ? permissions.speaker : permissions.viewer),
    })),
  );
  const client = new pg.Client({ connectionString: database.ownerUrl });
  await client.connect();
  await client.query(SEED, [ROOM, identities, SPEAKERS, permissions.viewer, permissions.speaker]);
  await client.query('ANALYZE');
  await client.end();
  const seats = await rolecall.get(`/rooms/${ROOM}/seats`);
  const drifting = seats.filter(({ inSync }) => !inSync).length;
  if (seats.length !== people || drifting > 0) {
    throw new Error(`${seats.length} seats are shown, ${drifting} of them out of sync`);
  }
}

function identityOf(i, people, bulk) {
  return i >= people - bulk ? `bulk-${i}` : `person-${i}`;
}

async function permissionOf(rolecall, template) {
  const { grants } = await rolecall.get(`/role-templates/${template}`);
  return toParticipantPermission(grants);
}

function asLiveKitHasIt({ canPublishSources, ...permission }) {
  return {
    ...permission,
    canPublishSources: canPublishSources.map((source) => source.toUpperCase()),
  };
}

/** $1 room, $2 identities, $3 how many of them speak, $4 and $5 what LiveKit gave to either. */
const SEED = `
  WITH people AS (
    SELECT identity, n <= $3 AS speaks, n FROM unnest($2::text[]) WITH ORDINALITY AS p(identity, n)
  ), users AS (
    INSERT INTO app_user (identity, name) SELECT identity, 'Person ' || n FROM people
    RETURNING id, identity
  ), rules AS (
    INSERT INTO assignment (user_id, room_name, template, created_by_label)
    SELECT id, $1, 'speaker', 'bench' FROM users JOIN people USING (identity) WHERE speaks
  )
  INSERT INTO seat (room, identity, last_issued_at, is_present, sid, state, name, kind, permission,
    tracks, joined_at, observed_at)
  SELECT $1, identity, now(), true, 'PA_' || n, 'active', 'Person ' || n, 'standard',
    CASE WHEN speaks THEN $5::jsonb ELSE $4::jsonb END,
    CASE WHEN speaks THEN jsonb_build_array(jsonb_build_object('sid', 'TR_' || n, 'type', 'audio',
      'source', 'microphone', 'name', '', 'isMuted', false)) ELSE '[]' END,
    now() - interval '10 minutes', now()
  FROM people`;
