import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type Call, type FakeAnswer, fakeApi, queryOf } from '../../test/fakeApi';
import { type Conflict, type ConflictChoice, registerConflictDialog } from './conflicts';
import { dataProvider } from './dataProvider';

let api: ReturnType<typeof fakeApi>;
let respond: (call: Call) => FakeAnswer | undefined;
beforeEach(() => {
  api = fakeApi((call) => respond(call));
});
afterEach(() => api.restore());

const LIST = {
  pagination: { page: 2, perPage: 10 },
  sort: { field: 'name', order: 'DESC' as const },
  filter: { q: 'ana' },
};

describe('lists', () => {
  it('asks in the dialect of simple-rest and counts by Content-Range', async () => {
    respond = () => ({ body: [{ id: 'u-1' }], headers: { 'Content-Range': 'users 10-10/812' } });
    await expect(dataProvider.getList('users', LIST)).resolves.toEqual({
      data: [{ id: 'u-1' }],
      total: 812,
    });
    const route = api.calls[0]?.route ?? '';
    expect(queryOf(route, 'range')).toEqual([10, 19]);
    expect(queryOf(route, 'sort')).toEqual(['name', 'DESC']);
    expect(queryOf(route, 'filter')).toEqual({ q: 'ana' });
  });

  it('counts an empty list', async () => {
    respond = () => ({ body: [], headers: { 'Content-Range': 'users */0' } });
    await expect(dataProvider.getList('users', LIST)).resolves.toEqual({ data: [], total: 0 });
  });

  it('reads many records in chunks, so that no address grows too long', async () => {
    respond = ({ route }) => ({
      body: (queryOf(route, 'filter') as { id: string[] }).id.map((id) => ({ id })),
    });
    const ids = Array.from({ length: 250 }, (_, at) => `u-${at}`);
    const { data } = await dataProvider.getMany('users', { ids });
    expect(data.map(({ id }) => id)).toEqual(ids);
    expect(api.calls).toHaveLength(3);
  });
});

describe('update', () => {
  const room = { id: 'a/b', name: 'a/b', title: 'Old', metadata: '', numParticipants: 3 };
  const save = (data: object, previousData: object = room) =>
    dataProvider.update('rooms', { id: 'a/b', data, previousData });
  let revision: number;
  let current: typeof room;
  const answerAsServer = (call: Call): FakeAnswer => {
    const etag = `"${revision}"`;
    if (call.method === 'GET') return { body: current, headers: { ETag: etag } };
    if (call.headers.get('If-Match') !== etag) {
      return { status: 412, body: { title: 'Changed', code: 'record.changed' } };
    }
    revision += 1;
    current = { ...current, ...(call.body as object) };
    return { body: current, headers: { ETag: `"${revision}"` } };
  };
  const puts = () => api.calls.filter(({ method }) => method === 'PUT');
  const somebodyElseSaves = (title: string) => {
    revision += 1;
    current = { ...current, title };
  };
  const answerConflictWith = (choice: ConflictChoice) => {
    const seen: Conflict[] = [];
    const unregister = registerConflictDialog(async (conflict) => {
      seen.push(conflict);
      return choice;
    });
    return { seen, unregister };
  };

  beforeEach(async () => {
    revision = 1;
    current = room;
    respond = answerAsServer;
    await dataProvider.getOne('rooms', { id: 'a/b' });
  });

  it('sends what was changed and nothing that the server computes', async () => {
    const { data } = await save({ ...room, title: 'New', numParticipants: 4 });
    expect(puts()[0]).toMatchObject({ route: '/rooms/a%2Fb', body: { title: 'New' } });
    expect(data).toMatchObject({ title: 'New' });
  });

  it('names the version that was read, and after saving the version that was saved', async () => {
    const { data } = await save({ title: 'One' });
    await save({ title: 'Two' }, data);
    expect(puts().map(({ headers }) => headers.get('If-Match'))).toEqual(['"1"', '"2"']);
  });

  it('shows both sides when somebody saved first, and overwrites only when told to', async () => {
    somebodyElseSaves('Theirs');
    const { seen, unregister } = answerConflictWith('overwrite');
    const { data } = await save({ title: 'Mine' });
    unregister();
    expect(seen[0]).toMatchObject({
      base: { title: 'Old' },
      mine: { title: 'Mine' },
      current: { title: 'Theirs' },
    });
    expect(data).toMatchObject({ title: 'Mine' });
    expect(current.title).toBe('Mine');
  });

  it('goes by the version that the form shows, even when a newer one was read since', async () => {
    somebodyElseSaves('Theirs');
    await dataProvider.getOne('rooms', { id: 'a/b' });
    const { seen, unregister } = answerConflictWith('app.conflict.cancelled');
    await expect(save({ title: 'Mine' })).rejects.toMatchObject({ status: 412 });
    unregister();
    expect(seen).toHaveLength(1);
    expect(current.title).toBe('Theirs');
  });

  it('changes nothing when the operator keeps what the other one saved', async () => {
    somebodyElseSaves('Theirs');
    const { unregister } = answerConflictWith('app.conflict.took_theirs');
    await expect(save({ title: 'Mine' })).rejects.toMatchObject({
      status: 412,
      code: 'app.conflict.took_theirs',
    });
    unregister();
    expect(current.title).toBe('Theirs');
  });
});

it('never sends a read-only field when creating', async () => {
  respond = () => ({ status: 201, body: { id: 'x', name: 'x' } });
  await dataProvider.create('rooms', { data: { name: 'x', numParticipants: 9, isClosed: true } });
  expect(api.calls[0]?.body).toEqual({ name: 'x' });
});
