import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { anyContent, anyGrants } from '../../test/support/grants-arbitraries.js';
import { toParticipantPermission } from './compile-grant.js';
import { describeGrants } from './describe.js';
import { diffGrants, diffVersions } from './diff.js';
import { effects, notLiveChangeable } from './effects.js';
import { GRANT_CATALOGUE } from './grant-catalogue.js';
import { lintGrants } from './lint.js';
import { PRESETS } from './presets.js';
import {
  canonicalSources,
  completeGrants,
  type PartialGrants,
  sameGrant,
  type TemplateContent,
} from './role-grants.js';

const grantsOf = (key: string) => PRESETS.find((preset) => preset.key === key)!.grants;
const permissionOf = (key: string) => toParticipantPermission(grantsOf(key));
const texts = (items: readonly { text: string }[]) => items.map(({ text }) => text);

describe('the difference of two versions', () => {
  it('is empty exactly when nothing differs, and its gains are the losses of the way back', () => {
    fc.assert(
      fc.property(anyGrants, anyGrants, (a, b) => {
        const there = diffGrants(a, b);
        const back = diffGrants(b, a);
        const isSame = GRANT_CATALOGUE.every(({ key }) => sameGrant(a, b, key));
        expect(there.length === 0).toBe(isSame);
        const of = (kind: string, list: typeof there) =>
          list.filter((sentence) => sentence.kind === kind).map(({ grant }) => grant);
        expect(of('gain', there)).toEqual(of('lose', back));
        expect(of('change', there)).toEqual(of('change', back));
      }),
    );
  });

  it('misses no field of a version', () => {
    fc.assert(
      fc.property(anyContent, anyContent, (a, b) => {
        const canonical = ({ grants, ...rest }: TemplateContent) => ({
          ...rest,
          grants: { ...grants, canPublishSources: canonicalSources(grants.canPublishSources) },
        });
        const isSame = (() => {
          try {
            expect(canonical(a)).toEqual(canonical(b));
            return true;
          } catch {
            return false;
          }
        })();
        expect(diffVersions(a, b).length === 0).toBe(isSame);
        expect(diffVersions(a, structuredClone(a))).toEqual([]);
      }),
    );
  });

  it('reads as a person would say it', () => {
    const version = (partial: PartialGrants): TemplateContent => ({
      grants: completeGrants(partial),
      ttl: 600,
      metadata: '',
      attributes: { team: 'red' },
    });
    const before = version({ roomJoin: true, canPublish: true, canPublishSources: ['microphone'] });
    const after: TemplateContent = {
      ...version({
        roomJoin: true,
        canSubscribe: true,
        canPublish: true,
        canPublishSources: ['screen_share'],
      }),
      ttl: 3600,
      metadata: '{}',
      attributes: { team: 'blue', desk: '4' },
    };
    expect(texts(diffVersions(before, after))).toEqual([
      'loses microphone',
      'gains screen share',
      'hears and sees the others',
      'token lifetime: 1 hour instead of 10 minutes',
      'sets the metadata',
      'sets the attribute “desk” to “4”',
      'sets the attribute “team” to “blue” instead of “red”',
    ]);
    expect(
      diffGrants(grantsOf('viewer'), { ...grantsOf('viewer'), canPublishData: false }),
    ).toEqual([
      {
        text: 'stops sending data: also loses chat and RPC replies',
        kind: 'lose',
        grant: 'canPublishData',
      },
    ]);
    const offWithSources = completeGrants({ canPublishSources: ['camera'] });
    expect(diffGrants(completeGrants({}), offWithSources)[0]).toMatchObject({ kind: 'change' });
  });

  it('tells in words what a template allows', () => {
    expect(describeGrants(grantsOf('speaker'))).toEqual([
      'joins the room',
      'may publish camera and microphone',
      'hears and sees the others',
      'sends data: chat, messages and RPC replies',
    ]);
    expect(describeGrants(completeGrants({ roomList: true }))).toEqual([
      'does not join a room',
      'lists every room on the server',
    ]);
  });
});

describe('effects', () => {
  it('are none exactly when nothing changes', () => {
    fc.assert(
      fc.property(anyGrants, anyGrants, (a, b) => {
        const [before, after] = [toParticipantPermission(a), toParticipantPermission(b)];
        const isSame = JSON.stringify(before) === JSON.stringify(after);
        expect(effects(before, after, []).length === 0).toBe(isSame);
      }),
    );
  });

  it('tell what a demotion takes down, and nothing about what stays', () => {
    const tracks = [
      { sid: 'TR_1', source: 'camera', isMuted: false },
      { sid: 'TR_2', source: 'microphone', isMuted: true },
      { sid: 'TR_3', source: 'screen_share', isMuted: false },
      { sid: 'TR_4', source: 'unknown', isMuted: false, name: 'whiteboard' },
    ];
    expect(effects(permissionOf('presenter'), permissionOf('camera-only'), tracks)).toEqual([
      'unpublishes their microphone (muted)',
      'unpublishes their screen share',
      'unpublishes their track “whiteboard”',
      'may no longer publish screen share audio',
    ]);
  });

  it('tell that a promotion turns nothing on by itself', () => {
    expect(effects(permissionOf('viewer'), permissionOf('speaker'), [])).toEqual([
      'may publish camera and microphone when they choose to: LiveKit turns nothing on by itself',
    ]);
  });

  it('tell deafness and silence apart', () => {
    const off = toParticipantPermission(completeGrants({ roomJoin: true }));
    expect(effects(permissionOf('viewer'), off, [])).toEqual([
      'stops hearing and seeing everyone; data and chat still reach them',
      'chat and data from them stop, RPC replies too',
    ]);
  });

  it('name the grants that wait for a rejoin', () => {
    expect(notLiveChangeable(grantsOf('viewer'), grantsOf('host'))).toEqual([]);
    expect(notLiveChangeable(grantsOf('viewer'), grantsOf('recorder'))).toEqual([
      'hidden',
      'recorder',
    ]);
  });
});

describe('the linter', () => {
  const lint = (
    grants: PartialGrants,
    rest: Partial<TemplateContent> = {},
    context: Partial<Parameters<typeof lintGrants>[1]> = {},
  ) =>
    lintGrants(
      { grants: completeGrants(grants), ttl: null, metadata: '', attributes: {}, ...rest },
      { ttlMaxSeconds: 3600, ...context },
    ).map(({ severity, code }) => `${severity} ${code}`);
  const viewer: PartialGrants = { roomJoin: true, canSubscribe: true, canPublishData: true };

  it('has no error for any built-in template, and nothing at all for the plain ones', () => {
    for (const preset of PRESETS) {
      expect(lint(preset.grants).filter((finding) => finding.startsWith('error'))).toEqual([]);
    }
    expect(
      ['viewer', 'speaker', 'presenter', 'camera-only'].flatMap((k) => lint(grantsOf(k))),
    ).toEqual([]);
    expect(lint(grantsOf('hidden-observer'))).toEqual(['warning hidden.listener']);
  });

  it('tells administration on somebody’s device from administration on a server', () => {
    expect(lint({ ...viewer, roomAdmin: true })).toEqual(['error admin.room']);
    expect(lint({ roomAdmin: true, roomCreate: true })).toEqual([
      'warning admin.room',
      'warning admin.create',
    ]);
    expect(lint({ roomCreate: true }, {}, { purpose: 'client' })).toEqual(['error admin.create']);
    const [finding] = lintGrants(
      { grants: completeGrants({ roomCreate: true }), ttl: null, metadata: '', attributes: {} },
      { ttlMaxSeconds: 3600 },
    );
    expect(finding!.text).toContain('delete any room on the server');
  });

  it.each<[string, PartialGrants, Partial<TemplateContent>, string[]]>([
    [
      'publishing without a source',
      { ...viewer, canPublish: true },
      {},
      ['warning publish.no_source'],
    ],
    [
      'sources without publishing',
      { ...viewer, canPublishSources: ['camera'] },
      {},
      ['warning publish.off'],
    ],
    ['media without joining', { canSubscribe: true }, {}, ['warning join.off']],
    ['nothing at all', {}, {}, ['warning join.nothing']],
    ['joining for nothing', { roomJoin: true }, {}, ['info join.idle']],
    [
      'hidden and sending',
      { roomJoin: true, hidden: true, canPublishData: true },
      {},
      ['warning hidden.data'],
    ],
    ['a lifetime above policy', viewer, { ttl: 3601 }, ['error ttl.above_policy']],
    ['a lifetime at policy', viewer, { ttl: 3600 }, []],
    ['large metadata', viewer, { metadata: 'é'.repeat(513) }, ['warning metadata.large']],
    [
      'a password in the metadata',
      viewer,
      { metadata: '{"password":"hunter2"}' },
      ['warning metadata.secret'],
    ],
    [
      'a token in an attribute',
      viewer,
      { attributes: { apiToken: 'x' } },
      ['warning attributes.secret'],
    ],
    [
      'a role in own attributes',
      { ...viewer, canUpdateOwnMetadata: true },
      { attributes: { isAdmin: 'no' } },
      ['warning metadata.authority'],
    ],
    ['a role in fixed attributes', viewer, { attributes: { role: 'chair' } }, []],
    ['a destination', { ...viewer, destinationRoom: 'b' }, {}, ['warning forward.destination']],
    ['agent sessions', { ...viewer, canManageAgentSession: true }, {}, ['info agent.session']],
  ])('finds %s', (_what, grants, rest, expected) => {
    expect(lint(grants, rest)).toEqual(expected);
  });

  it('stays fast on text made to be slow', () => {
    const started = performance.now();
    for (const piece of ['eyJ-', 'secret  ', '-----BEGIN A ', 'eyJaaaaaaaa.']) {
      lint(viewer, {
        metadata: piece.repeat(100_000),
        attributes: { [piece.repeat(500)]: piece.repeat(5_000) },
      });
    }
    expect(performance.now() - started).toBeLessThan(500);
  });

  it('warns of an e-mail address as identity', () => {
    expect(lint(viewer, {}, { identity: 'ana@example.org' })).toEqual(['warning identity.email']);
  });
});
