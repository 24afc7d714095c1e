import { afterEach, describe, expect, it } from '@jest/globals';
import { fakeApi, type FakeAnswer } from '../../test/fakeApi';
import { isServerReachable, reportReachable } from './connectivity';
import { getJson, path, postJson, ProblemError, UnreachableError } from './httpClient';
import { registerReauthentication } from './reauthentication';

let api: ReturnType<typeof fakeApi>;
afterEach(() => api.restore());

describe('request', () => {
  it('reads the sentence, the code, the fields and the request id of a refusal', async () => {
    api = fakeApi(() => ({
      status: 409,
      body: {
        title: 'Conflict',
        detail: 'A room of this name exists.',
        code: 'room.name_taken',
        requestId: 'req-7',
        errors: { name: 'is taken' },
      },
    }));
    const error = await postJson('/rooms', { name: 'x' }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ProblemError);
    expect(error).toMatchObject({
      message: 'A room of this name exists.',
      status: 409,
      code: 'room.name_taken',
      requestId: 'req-7',
      body: { errors: { name: 'is taken' } },
    });
  });

  it('survives an answer that is not ours, as a proxy gives it', async () => {
    api = fakeApi(() => ({ status: 502, body: '<html>' }));
    await expect(getJson('/rooms')).rejects.toMatchObject({ status: 502 });
  });

  it('tells no answer at all from a refusal', async () => {
    api = fakeApi(() => {
      throw new TypeError('fetch failed');
    });
    await expect(getJson('/rooms')).rejects.toBeInstanceOf(UnreachableError);
  });

  it('takes no answer to an earlier question for a server that is back', async () => {
    reportReachable();
    let answerFirst: (answer: FakeAnswer) => void = () => undefined;
    api = fakeApi(({ route }) => {
      if (route === '/lost') throw new TypeError('fetch failed');
      if (route === '/first') return new Promise((resolve) => (answerFirst = resolve));
      return { body: {} };
    });
    const first = getJson('/first');
    await getJson('/lost').catch(() => undefined);
    answerFirst({ body: {} });
    await first;
    expect(isServerReachable()).toBe(false);
    await getJson('/later');
    expect(isServerReachable()).toBe(true);
  });

  it('sends an idempotency key with each change and with no reading', async () => {
    api = fakeApi(() => ({ body: {} }));
    await postJson('/rooms', {});
    await postJson('/rooms', {});
    await getJson('/rooms');
    const keys = api.calls.map(({ headers }) => headers.get('Idempotency-Key'));
    expect(keys[0]).toMatch(/^[0-9a-f]{32}$/);
    expect(keys[1]).not.toBe(keys[0]);
    expect(keys[2]).toBeNull();
  });

  it('asks for the password once when the session ended, then repeats the very same call', async () => {
    let isSignedIn = false;
    let questions = 0;
    const unregister = registerReauthentication(async () => {
      questions += 1;
      isSignedIn = true;
      return true;
    });
    api = fakeApi(() => (isSignedIn ? { body: { ok: true } } : { status: 401, body: {} }));
    await Promise.all([postJson('/rooms', { name: 'a' }), postJson('/rooms', { name: 'b' })]);
    unregister();
    expect(questions).toBe(1);
    const [first, second, ...repeated] = api.calls;
    expect(repeated.map(({ body }) => body)).toEqual([first?.body, second?.body]);
    expect(repeated[0]?.headers.get('Idempotency-Key')).toBe(first?.headers.get('Idempotency-Key'));
  });

  it('gives up with 401 when the question is dismissed', async () => {
    const unregister = registerReauthentication(async () => false);
    api = fakeApi(() => ({ status: 401, body: {} }));
    await expect(getJson('/rooms')).rejects.toMatchObject({ status: 401 });
    unregister();
    expect(api.calls).toHaveLength(1);
  });
});

describe('path', () => {
  it('keeps a name whole, whatever it holds', () => {
    expect(path('rooms', 'a/b %2F:ü', 'seats')).toBe('/rooms/a%2Fb%20%252F%3A%C3%BC/seats');
  });

  it.each(['.', '..'])('is of nothing else where a name is %j', (name) => {
    const route = path('rooms', 'town', 'seats', name, 'void-tokens');
    const { pathname } = new URL(route, 'https://rolecall.example.com');
    expect(pathname).toMatch(/^\/rooms\/town\/seats\/[^/]+\/void-tokens$/);
  });
});
