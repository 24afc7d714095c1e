import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { z } from 'zod';
import { anyGrants } from '../../test/support/grants-arbitraries.js';
import { exceeds } from './ceiling.js';
import { toVideoGrant } from './compile-grant.js';
import { GRANT_CATALOGUE } from './grant-catalogue.js';
import { nameProblem, utf8Length } from './names.js';
import { MODERATOR_CEILING, PRESETS } from './presets.js';
import { roleGrantsSchema } from './role-grants-schema.js';
import {
  canonicalSources,
  completeGrants,
  NO_GRANTS,
  publishableSources,
  type RoleGrants,
  sameGrant,
} from './role-grants.js';

function fieldErrors(input: unknown): Record<string, string> {
  const result = z.object({ grants: roleGrantsSchema }).safeParse({ grants: input });
  return Object.fromEntries(
    (result.error?.issues ?? []).map((issue) => [issue.path.join('.'), issue.message]),
  );
}

describe('the grants of a template', () => {
  it('take what is left out as off', () => {
    expect(roleGrantsSchema.parse({})).toEqual(NO_GRANTS);
    expect(roleGrantsSchema.parse({ sip: { call: true } })).toEqual(
      completeGrants({ sip: { call: true } }),
    );
  });

  it('survive JSON, the schema and completion unchanged, with sources once and in order', () => {
    fc.assert(
      fc.property(anyGrants, (grants) => {
        const canonical = {
          ...grants,
          canPublishSources: canonicalSources(grants.canPublishSources),
        };
        expect(roleGrantsSchema.parse(JSON.parse(JSON.stringify(grants)))).toEqual(canonical);
        expect(completeGrants(grants)).toEqual(canonical);
      }),
    );
  });

  it('refuse every wrong field by its name', () => {
    expect(
      fieldErrors({
        canPublish: 'yes',
        canPublishSources: ['camera', 'webcam'],
        destinationRoom: 'é'.repeat(129),
        sip: { admin: 1, transfer: true },
        inference: null,
      }),
    ).toEqual({
      'grants.canPublish': 'must be true or false',
      'grants.canPublishSources.1':
        'must be one of camera, microphone, screen_share, screen_share_audio',
      'grants.destinationRoom': 'must be at most 256 bytes of UTF-8',
      'grants.sip.admin': 'must be true or false',
      'grants.sip': 'Unrecognized key: "transfer"',
      'grants.inference': 'must be an object',
    });
    expect(fieldErrors({ roomName: 'x' })).toEqual({ grants: 'Unrecognized key: "roomName"' });
    expect(fieldErrors({ destinationRoom: 'a\0b' })).toHaveProperty(['grants.destinationRoom']);
    expect(fieldErrors({ destinationRoom: '\ud800' })).toHaveProperty(['grants.destinationRoom']);
    expect(fieldErrors('all')).toEqual({ grants: 'must be an object' });
  });

  it('are all in the catalogue, each once', () => {
    const keys = Object.entries(NO_GRANTS).flatMap(([key, value]) =>
      typeof value === 'object' && !Array.isArray(value)
        ? Object.keys(value as object).map((inner) => `${key}.${inner}`)
        : [key],
    );
    expect(GRANT_CATALOGUE.map(({ key }) => key).sort()).toEqual(keys.sort());
  });
});

describe('names', () => {
  it('are counted in bytes as UTF-8 counts them', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(utf8Length(text)).toBe(new TextEncoder().encode(text).length);
      }),
    );
    expect(nameProblem('🎙️'.repeat(36))).toBeNull();
    expect(nameProblem('🎙️'.repeat(37))).toMatch(/256 bytes/);
    expect([nameProblem(''), nameProblem('\0'), nameProblem('\udc00')]).not.toContain(null);
  });
});

describe('a ceiling', () => {
  it('lets its own grants through, and everything when there is none', () => {
    fc.assert(
      fc.property(anyGrants, (grants) => {
        expect(exceeds(grants, grants)).toEqual([]);
        expect(exceeds(grants, null)).toEqual([]);
      }),
    );
  });

  it('names exactly what goes beyond it: nothing is left over without that', () => {
    fc.assert(
      fc.property(anyGrants, anyGrants, (grants, ceiling) => {
        const beyond = new Set(exceeds(grants, ceiling));
        const reduced: RoleGrants = structuredClone(grants);
        for (const { key, kind } of GRANT_CATALOGUE) {
          if (!beyond.has(key)) continue;
          if (kind === 'room') reduced.destinationRoom = '';
          else if (key.includes('.')) {
            const [outer, inner] = key.split('.') as ['sip', 'admin'];
            reduced[outer][inner] = false;
          } else Object.assign(reduced, { [key]: false });
        }
        reduced.canPublishSources = grants.canPublishSources.filter(
          (source) => !beyond.has(`canPublishSources.${source}`),
        );
        expect(exceeds(reduced, ceiling)).toEqual([]);
        const isEqual = GRANT_CATALOGUE.every(({ key }) => sameGrant(grants, reduced, key));
        expect(isEqual).toBe(beyond.size === 0);
      }),
    );
  });

  it('never hinders more when it is raised', () => {
    fc.assert(
      fc.property(
        anyGrants,
        anyGrants,
        fc.constantFrom(...GRANT_CATALOGUE),
        (grants, low, raise) => {
          const high = structuredClone(low);
          if (raise.kind === 'sources') high.canPublishSources = grants.canPublishSources;
          else if (raise.kind === 'room') high.destinationRoom = grants.destinationRoom;
          else if (raise.key.includes('.')) {
            const [outer, inner] = raise.key.split('.') as ['sip', 'admin'];
            high[outer][inner] = true;
          } else Object.assign(high, { [raise.key]: true });
          const before = exceeds(grants, low);
          expect(exceeds(grants, high).filter((name) => !before.includes(name))).toEqual([]);
        },
      ),
    );
  });

  it('says what a moderator may not hand out', () => {
    const host = PRESETS.find(({ key }) => key === 'host')!.grants;
    expect(exceeds(host, MODERATOR_CEILING)).toEqual([
      'canSubscribeMetrics',
      'canUpdateOwnMetadata',
      'canManageAgentSession',
    ]);
    const forwarder = completeGrants({ destinationRoom: 'backstage', sip: { admin: true } });
    expect(exceeds(forwarder, MODERATOR_CEILING)).toEqual(['sip.admin', 'destinationRoom']);
    expect(exceeds(forwarder, { ...forwarder, destinationRoom: 'stage' })).toEqual([
      'destinationRoom',
    ]);
  });
});

describe('the built-in templates', () => {
  it('are these eight', () => {
    const summary = PRESETS.map(({ key, grants }) => {
      const { canPublish, canPublishData, canPublishSources, canSubscribe, room, ...rest } =
        toVideoGrant(grants, 'r');
      return [
        key,
        canSubscribe && 'subscribe',
        canPublishData && 'data',
        canPublish && canPublishSources!.join(' '),
        Object.keys(rest).sort().join(' '),
      ].filter(Boolean);
    });
    const all = 'camera microphone screen_share screen_share_audio';
    expect(summary).toEqual([
      ['viewer', 'subscribe', 'data', 'roomJoin'],
      ['speaker', 'subscribe', 'data', 'camera microphone', 'roomJoin'],
      ['presenter', 'subscribe', 'data', all, 'roomJoin'],
      [
        'host',
        'subscribe',
        'data',
        all,
        'canManageAgentSession canSubscribeMetrics canUpdateOwnMetadata roomJoin',
      ],
      ['camera-only', 'subscribe', 'data', 'camera', 'roomJoin'],
      ['hidden-observer', 'subscribe', 'hidden roomJoin'],
      ['recorder', 'subscribe', 'hidden recorder roomJoin'],
      ['agent', 'subscribe', 'data', all, 'agent canUpdateOwnMetadata roomJoin'],
    ]);
  });

  it('never carry anything that reaches beyond the seat', () => {
    for (const { grants } of PRESETS) {
      const keys = GRANT_CATALOGUE.filter(
        ({ key, group }) =>
          (group === 'administration' || group === 'services') &&
          !sameGrant(grants, NO_GRANTS, key),
      );
      expect(keys).toEqual([]);
      expect(publishableSources(grants).length > 0).toBe(grants.canPublish);
    }
  });
});
