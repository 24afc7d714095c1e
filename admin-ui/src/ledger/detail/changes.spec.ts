import { expect, it } from '@jest/globals';
import { changesOf } from './changes';

it('tells which role and which rights a seat had before, and has after', () => {
  const before = {
    template: 'viewer',
    version: 1,
    permission: { canSubscribe: true, canPublish: false, canPublishSources: [] },
  };
  const after = {
    template: 'speaker',
    version: 7,
    permission: { canSubscribe: true, canPublish: true, canPublishSources: ['microphone'] },
  };
  expect(changesOf({ before, after })).toEqual([
    {
      name: 'role',
      sort: 'role',
      before: { key: 'viewer', version: 1 },
      after: { key: 'speaker', version: 7 },
    },
    { name: 'microphone', sort: 'right', before: false, after: true },
  ]);
});

it('tells fields of a record that changed, and none that did not', () => {
  const [before, after] = [
    { name: 'Ana', tags: ['a'], note: '' },
    { name: 'Ana', tags: ['b'] },
  ];
  expect(changesOf({ before, after })).toEqual([
    { name: 'tags', sort: 'field', before: ['a'], after: ['b'] },
    { name: 'note', sort: 'field', before: '', after: undefined },
  ]);
});

it('says that everything may be published when no source is named', () => {
  const after = { permission: { canPublish: true, canPublishSources: [] } };
  const names = changesOf({ before: {}, after }).map(({ name, after: now }) => [name, now]);
  expect(names).toContainEqual(['camera', true]);
});

it('has nothing to tell of other payloads', () => {
  expect(changesOf({ before: 'x', after: null })).toEqual([]);
  expect(changesOf({})).toEqual([]);
});
