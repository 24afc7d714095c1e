import { createHmac } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { AccessToken, TokenVerifier, TrackSource, type VideoGrant } from 'livekit-server-sdk';
import {
  anyAttributes,
  anyGrants,
  anyName,
  anyText,
} from '../../test/support/grants-arbitraries.js';
import {
  compileGrant,
  type CompileInput,
  samePermission,
  type TokenClaims,
  toParticipantPermission,
  toVideoGrant,
} from './compile-grant.js';
import {
  canonicalSources,
  completeGrants,
  type RoleGrants,
  TRACK_SOURCES,
  type TrackSource as SourceName,
} from './role-grants.js';

const KEY = 'devkey';
const SECRET = '0123456789abcdef0123456789abcdef';

const anyInput: fc.Arbitrary<CompileInput> = fc.record({
  grants: anyGrants,
  room: anyName,
  identity: anyName,
  kind: fc.constantFrom('standard' as const, 'agent' as const),
  name: anyText,
  metadata: anyText,
  attributes: anyAttributes,
  ttlSeconds: fc.integer({ min: 1, max: 366 * 86_400 }),
  issuer: fc.constant(KEY),
  now: fc.constant(new Date()),
  jti: fc.uuid(),
});

function sign(claims: TokenClaims): string {
  const encode = (part: unknown) => Buffer.from(JSON.stringify(part)).toString('base64url');
  const signed = `${encode({ alg: 'HS256' })}.${encode(claims)}`;
  return `${signed}.${createHmac('sha256', SECRET).update(signed).digest('base64url')}`;
}

/** A video claim as livekit-server reads it: every default that an absent key stands for. */
function asLiveKitReadsIt(video: Record<string, unknown>) {
  const canPublish = video.canPublish ?? true;
  const listed = (video.canPublishSources ?? []) as string[];
  return {
    room: video.room ?? '',
    roomJoin: video.roomJoin ?? false,
    canSubscribe: video.canSubscribe ?? true,
    sources: !canPublish ? [] : listed.length === 0 ? 'every source' : canonicalSources(listed),
    canPublishData: video.canPublishData ?? canPublish,
    canUpdateOwnMetadata: video.canUpdateOwnMetadata ?? false,
    canSubscribeMetrics: video.canSubscribeMetrics ?? false,
    canManageAgentSession: video.canManageAgentSession ?? false,
    hidden: video.hidden ?? false,
    recorder: video.recorder ?? false,
    agent: video.agent ?? false,
    roomAdmin: video.roomAdmin ?? false,
    roomCreate: video.roomCreate ?? false,
    roomList: video.roomList ?? false,
    roomRecord: video.roomRecord ?? false,
    ingressAdmin: video.ingressAdmin ?? false,
    destinationRoom: video.destinationRoom ?? '',
  };
}

/** What the template says, in the same shape, told without the compiler. */
function asTheTemplateSays(grants: RoleGrants, room: string) {
  const { canPublish, canPublishSources, sip, inference, observability, ...rest } = grants;
  return {
    ...rest,
    room: grants.roomJoin || grants.roomAdmin ? room : '',
    sources: TRACK_SOURCES.filter((source) => canPublish && canPublishSources.includes(source)),
  };
}

const VIDEO_KEYS = new Set([
  ...Object.keys(completeGrants({})).filter(
    (key) => !['sip', 'inference', 'observability'].includes(key),
  ),
  'room',
]);

const SDK_SOURCES: Record<SourceName, TrackSource> = {
  camera: TrackSource.CAMERA,
  microphone: TrackSource.MICROPHONE,
  screen_share: TrackSource.SCREEN_SHARE,
  screen_share_audio: TrackSource.SCREEN_SHARE_AUDIO,
};

/** The same grants, given to the SDK with every value spelled out. */
async function sdkClaims(input: CompileInput): Promise<Record<string, unknown>> {
  const { grants } = input;
  const { sip, inference, observability, destinationRoom, canPublishSources, ...flags } = grants;
  const token = new AccessToken(KEY, SECRET, {
    identity: input.identity,
    name: input.name,
    metadata: input.metadata,
    ttl: input.ttlSeconds,
    ...(Object.keys(input.attributes).length > 0 && { attributes: { ...input.attributes } }),
  });
  const sources = canonicalSources(canPublishSources);
  const video: VideoGrant = { ...flags, canPublish: grants.canPublish && sources.length > 0 };
  if (video.canPublish) video.canPublishSources = sources.map((source) => SDK_SOURCES[source]);
  if (destinationRoom) video.destinationRoom = destinationRoom;
  if (input.room && (grants.roomJoin || grants.roomAdmin)) video.room = input.room;
  token.addGrant(video);
  if (sip.admin || sip.call) token.addSIPGrant(sip);
  if (inference.perform) token.addInferenceGrant(inference);
  if (observability.write) token.addObservabilityGrant(observability);
  if (input.kind !== 'standard') token.kind = input.kind;
  const payload = (await token.toJwt()).split('.')[1]!;
  return JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown>;
}

/** Claims without what may differ: our own id, the moment, and how `false` is written. */
function meaning(claims: Record<string, unknown>) {
  const { video, sip, jti: _jti, iat: _iat, nbf, exp, ...rest } = claims;
  const { admin = false, call = false } = (sip ?? {}) as { admin?: boolean; call?: boolean };
  return {
    ...rest,
    video: asLiveKitReadsIt(video as Record<string, unknown>),
    sip: { admin, call },
    lifetime: (exp as number) - (nbf as number),
  };
}

describe('the two renderers', () => {
  it('agree on every bit that both carry, whatever the template', () => {
    fc.assert(
      fc.property(anyGrants, anyName, (grants, room) => {
        const video = toVideoGrant(grants, room);
        const permission = toParticipantPermission(grants);
        expect({
          canSubscribe: video.canSubscribe,
          canPublish: video.canPublish,
          canPublishSources: video.canPublishSources ?? [],
          canPublishData: video.canPublishData,
          canUpdateMetadata: video.canUpdateOwnMetadata ?? false,
          canSubscribeMetrics: video.canSubscribeMetrics ?? false,
          canManageAgentSession: video.canManageAgentSession ?? false,
          hidden: video.hidden ?? false,
          recorder: video.recorder ?? false,
          agent: video.agent ?? false,
        }).toEqual(permission);
        expect(asLiveKitReadsIt({ ...video })).toEqual(asTheTemplateSays(grants, room));
      }),
    );
  });

  it('never let publishing out with an empty, repeated or unsorted list of sources', () => {
    fc.assert(
      fc.property(anyGrants, anyName, (grants, room) => {
        const permission = toParticipantPermission(grants);
        const { canPublish, canPublishSources } = toVideoGrant(grants, room);
        expect(canPublish).toBe(permission.canPublishSources.length > 0);
        expect(permission.canPublish).toBe(canPublish);
        expect(canPublishSources).toEqual(canPublish ? permission.canPublishSources : undefined);
        expect(permission.canPublishSources).toEqual(
          TRACK_SOURCES.filter((source) => permission.canPublishSources.includes(source)),
        );
      }),
    );
  });

  it('treat a list that holds only unknown sources as no source at all', () => {
    const damaged = {
      ...completeGrants({ roomJoin: true, canPublish: true }),
      canPublishSources: ['microphon'] as unknown as SourceName[],
    };
    expect(toVideoGrant(damaged, 'r').canPublish).toBe(false);
    expect(toParticipantPermission(damaged).canPublish).toBe(false);
  });

  it('give the same again for what they gave, and write only keys that LiveKit knows', () => {
    fc.assert(
      fc.property(anyGrants, anyName, (grants, room) => {
        const { room: _room, ...video } = toVideoGrant(grants, room);
        const again = completeGrants({
          ...video,
          sip: grants.sip,
          inference: grants.inference,
          observability: grants.observability,
        });
        expect(toVideoGrant(again, room)).toEqual(toVideoGrant(grants, room));
        expect(toParticipantPermission(again)).toEqual(toParticipantPermission(grants));
        const unknown = Object.keys(toVideoGrant(grants, room)).filter((k) => !VIDEO_KEYS.has(k));
        expect(unknown).toEqual([]);
      }),
    );
  });

  it('refuse to join or administer a room without a name, and need none otherwise', () => {
    expect(() => toVideoGrant(completeGrants({ roomJoin: true }), null)).toThrow(TypeError);
    expect(() => toVideoGrant(completeGrants({ roomAdmin: true }), '')).toThrow(TypeError);
    expect(toVideoGrant(completeGrants({ roomList: true }), null)).toEqual({
      canSubscribe: false,
      canPublish: false,
      canPublishData: false,
      roomList: true,
    });
  });
});

describe('samePermission', () => {
  it('sees every single difference, and no difference in the order of the sources', () => {
    fc.assert(
      fc.property(anyGrants, anyGrants, (a, b) => {
        const [left, right] = [toParticipantPermission(a), toParticipantPermission(b)];
        const isSame = JSON.stringify(left) === JSON.stringify(right);
        expect(samePermission(left, right)).toBe(isSame);
        const reversed = { ...left, canPublishSources: [...left.canPublishSources].reverse() };
        expect(samePermission(left, reversed)).toBe(true);
      }),
    );
  });
});

describe('compileGrant', () => {
  it('makes tokens that the SDK verifies and that carry exactly the grants of the template', async () => {
    const verifier = new TokenVerifier(KEY, SECRET);
    await fc.assert(
      fc.asyncProperty(anyInput, async (input) => {
        const claims = compileGrant(input);
        const verified = await verifier.verify(sign(claims));
        expect(verified).toEqual(JSON.parse(JSON.stringify(claims)));
        expect(asLiveKitReadsIt({ ...verified.video })).toEqual(
          asTheTemplateSays(input.grants, input.room!),
        );
        expect({ admin: false, call: false, ...verified.sip }).toEqual(input.grants.sip);
        expect({ perform: false, ...verified.inference }).toEqual(input.grants.inference);
        expect({ write: false, ...verified.observability }).toEqual(input.grants.observability);
        expect([verified.sub, verified.jti, verified.iat]).toEqual([
          input.identity,
          input.jti,
          verified.nbf,
        ]);
        expect(verified.exp).toBe(verified.nbf! + input.ttlSeconds);
      }),
    );
  });

  it('means the same as the token that the SDK makes of the same grants', async () => {
    await fc.assert(
      fc.asyncProperty(anyInput, async (input) => {
        expect(meaning(compileGrant(input))).toEqual(meaning(await sdkClaims(input)));
      }),
    );
  });

  it('writes a speaker’s token to the letter', () => {
    const claims = compileGrant({
      grants: completeGrants({
        roomJoin: true,
        canSubscribe: true,
        canPublish: true,
        canPublishSources: ['microphone', 'camera'],
      }),
      room: 'town-hall',
      identity: 'ana',
      kind: 'standard',
      name: 'Ana',
      metadata: '',
      attributes: {},
      ttlSeconds: 600,
      issuer: KEY,
      now: new Date('2026-11-21T12:00:00.900Z'),
      jti: 'j1',
    });
    expect(JSON.parse(JSON.stringify(claims))).toEqual({
      iss: KEY,
      sub: 'ana',
      iat: 1795262400,
      nbf: 1795262400,
      exp: 1795263000,
      jti: 'j1',
      name: 'Ana',
      video: {
        room: 'town-hall',
        roomJoin: true,
        canSubscribe: true,
        canPublish: true,
        canPublishSources: ['camera', 'microphone'],
        canPublishData: false,
      },
    });
  });
});
