import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { StageClient } from './StageClient';
import type { OwnStage } from '@rolecall/server/api';

const NOTHING: OwnStage = {
  hand: null,
  invite: null,
  asks: [],
  canRaise: true,
  canStepDown: false,
  lastDecision: null,
  hold: null,
  scene: null,
  limits: [],
  promotesTo: 'speaker',
};
const UP: OwnStage = {
  ...NOTHING,
  hand: { since: '2026-01-01T00:00:00.000Z', position: 1, note: null },
};

interface Asked {
  url: string;
  token: string;
  body: unknown;
}

let asked: Asked[];
let answers: (() => Response)[];
let now: number;

const json =
  (status: number, body: unknown, headers: Record<string, string> = {}) =>
  () =>
    new Response(JSON.stringify(body), { status, headers });

function token(name: string, exp: number): string {
  const part = (value: object) => btoa(JSON.stringify(value)).replaceAll('=', '');
  return `${part({})}.${part({ name, exp })}.x`;
}

beforeEach(() => {
  jest.useFakeTimers();
  sessionStorage.clear();
  asked = [];
  answers = [];
  now = 0;
  globalThis.fetch = ((url: string, init: RequestInit) => {
    const headers = init.headers as Record<string, string>;
    asked.push({
      url,
      token: headers['x-rolecall-token']!,
      body: init.body === null ? null : JSON.parse(init.body as string),
    });
    // A proxy in front may need its own; Rolecall reads none here.
    expect(init.credentials ?? 'same-origin').toBe('same-origin');
    return Promise.resolve((answers.shift() ?? json(200, NOTHING))());
  }) as typeof fetch;
});
afterEach(() => {
  jest.useRealTimers();
});

function clientOf(proofs: Partial<ConstructorParameters<typeof StageClient>[1]> = {}): StageClient {
  const whole = { current: () => 'first', renew: () => Promise.resolve(null), ...proofs };
  return new StageClient('town hall', whole, () => now);
}

async function pass(ms: number): Promise<void> {
  now += ms;
  await jest.advanceTimersByTimeAsync(ms);
}

describe('StageClient', () => {
  it('answers any number of hints with one question, and at most two a second', async () => {
    const stage = clientOf();
    stage.start();
    await pass(0);
    expect(asked.map(({ url }) => url)).toEqual(['/api/v1/rooms/town%20hall/stage/me']);
    for (let i = 0; i < 1_000; i++) stage.ask();
    await pass(100);
    for (let i = 0; i < 1_000; i++) stage.ask();
    expect(asked).toHaveLength(1);
    await pass(400);
    expect(asked).toHaveLength(2);
    await pass(60_000);
    expect(asked).toHaveLength(2);
  });

  it('asks every 20 s while a hand is up, and not once one has left', async () => {
    const stage = clientOf();
    answers = [json(200, UP), json(200, UP)];
    stage.start();
    await pass(0);
    await pass(19_000);
    expect(asked).toHaveLength(1);
    await pass(1_000);
    expect(asked).toHaveLength(2);
    stage.stop();
    await pass(60_000);
    expect(asked).toHaveLength(2);
  });

  it('shows the newest token that there is, and gets another when none is believed', async () => {
    let current = token('old', 1_000);
    const renew = jest.fn(() => Promise.resolve(token('renewed', 2_000)));
    const stage = clientOf({ current: () => current, renew });
    stage.start();
    await pass(0);
    expect(asked[0]?.token).toBe(current);

    answers = [json(401, { code: 'participant.proof_required' }), json(200, UP)];
    expect(await stage.act('raise')).toBe(true);
    expect(asked.slice(1).map((one) => one.token)).toEqual([current, token('renewed', 2_000)]);
    await stage.act('lower');
    expect(asked.at(-1)?.token).toBe(token('renewed', 2_000));

    current = token('refreshed', 3_000);
    await stage.act('raise');
    expect(asked.at(-1)?.token).toBe(current);
    expect(renew).toHaveBeenCalledTimes(1);
  });

  it('says so when the token has expired and there is no other', async () => {
    const stage = clientOf();
    answers = [json(401, { code: 'participant.proof_required', detail: 'Send it' })];
    stage.start();
    await pass(0);
    expect(stage.read()).toMatchObject({ isExpired: true, own: null });
  });

  it('says why something could not be done, and reads the state again', async () => {
    const stage = clientOf();
    stage.start();
    await pass(0);
    answers = [json(409, { code: 'stage.full', detail: 'All 6 places for speaker are taken.' })];
    expect(await stage.act('accept')).toBe(false);
    expect(stage.read()).toMatchObject({
      problem: 'All 6 places for speaker are taken.',
      busy: null,
    });
    await pass(1_000);
    expect(asked).toHaveLength(3);
  });

  it('waits as long as it is told when it asked too often', async () => {
    const stage = clientOf();
    answers = [json(429, { code: 'request.rate_limited' }, { 'retry-after': '7' })];
    stage.start();
    await pass(0);
    await pass(6_900);
    expect(asked).toHaveLength(1);
    await pass(100);
    expect(asked).toHaveLength(2);
  });

  it('forgets a decision that was read, also after a reload', async () => {
    const declined = {
      ...NOTHING,
      lastDecision: { state: 'declined', word: 'Later', at: '2026-01-01T00:00:00.000Z' },
    };
    const stage = clientOf();
    answers = [json(200, declined)];
    stage.start();
    await pass(0);
    expect(stage.read().seenDecision).toBeNull();
    stage.dismissDecision();
    expect(clientOf().read().seenDecision).toBe(declined.lastDecision.at);
  });
});
