import { describe, expect, it } from '@jest/globals';
import { PRESETS, type RoleGrants } from '@rolecall/server/grants';
import type { RoleTemplate } from '../../api/records';
import { roleChoices } from './roleChoices';

const grantsOf = (key: string) => PRESETS.find((preset) => preset.key === key)!.grants;
const published = ['viewer', 'host', 'presenter', 'speaker'].map(
  (key) => ({ key, name: key, grants: grantsOf(key) }) as unknown as RoleTemplate,
);
const ask = (key: string, more: Partial<Parameters<typeof roleChoices>[0]> = {}) =>
  roleChoices({
    kind: 'promote',
    published,
    ceiling: grantsOf('presenter') as RoleGrants,
    now: grantsOf(key) as RoleGrants,
    lent: null,
    ...more,
  });
const keys = (choices: { template: RoleTemplate }[]) => choices.map(({ template }) => template.key);

describe('the roles for somebody', () => {
  it('says of each what changes, the smallest step up first', () => {
    const { offered, same } = ask('speaker');
    expect(keys(offered)).toEqual(['presenter', 'viewer']);
    expect(offered[0]!.changes.map(({ kind, text }) => `${kind} ${text}`)).toContain(
      'gain screen share',
    );
    expect(same.map(({ key }) => key)).toEqual(['speaker']);
    expect(keys(ask('speaker', { kind: 'demote' }).offered)).toEqual(['viewer', 'presenter']);
  });

  it('keeps apart what is beyond the operator, and offers a lent role again', () => {
    const { beyond, offered } = ask('speaker', { lent: 'speaker' });
    expect(keys(beyond)).toEqual(['host']);
    expect(beyond[0]!.missing.length).toBeGreaterThan(0);
    expect(keys(offered)).toEqual(['speaker', 'presenter', 'viewer']);
  });
});
