import { expect } from '@jest/globals';
import fc from 'fast-check';
import { Refused, type WebhookMode } from '../support/livekit-double/model.js';
import { signalJoin } from '../support/livekit-signal.js';
import { until } from '../support/until.js';
import { type Act, keyOf, OUT, rightsOf, type Template, TEMPLATES } from './seat-model.js';
import type { Answer, Person, Scene, ServerName } from './world.js';

export type Command = fc.AsyncCommand<object, Scene>;

export const PEOPLE = ['ana', 'bob', 'eve'] as const;
type Name = (typeof PEOPLE)[number];
type Token = 'issued' | 'newest' | 'oldest refreshed' | 'stolen presenter';
type Way = ServerName | 'past';

abstract class Step implements Command {
  constructor(private readonly words: string) {}

  check(): boolean {
    return true;
  }

  abstract run(model: object, scene: Scene): Promise<void>;

  toString(): string {
    return this.words;
  }
}

/** Takes over an answer, having checked that it was to be expected. */
function take(person: Person, act: Act, { status, body }: Answer, asked: number, now: number) {
  const { model } = person;
  const wish = `${act.action} of ${person.identity}: ${status} ${JSON.stringify(body)}`;
  const expected = model.accepts(act, now);
  if (status === 200) {
    if (expected === false) throw new Error(`was accepted: ${wish}`);
    if (!['applied', 'pending'].includes(body.outcome)) throw new Error(`came to nothing: ${wish}`);
    model.apply(act, { id: body.operationId, epoch: body.epoch }, asked, now);
  } else {
    if (status !== 409 || expected === true) throw new Error(`was refused: ${wish}`);
  }
}

class Do extends Step {
  constructor(
    private readonly who: Name,
    private readonly act: Act,
    private readonly server: ServerName,
  ) {
    super(`${describe(act)} ${who} at ${server}`);
  }

  async run(_model: object, scene: Scene): Promise<void> {
    const person = scene.person(this.who);
    const asked = Date.now();
    take(person, this.act, await person.act(this.server, this.act), asked, Date.now());
    person.keep();
  }
}

/** Two moderators at two servers at once: the order of the epochs is the order of the wishes. */
class Both extends Step {
  constructor(
    private readonly who: Name,
    private readonly acts: readonly [Act, Act],
  ) {
    super(`${acts.map(describe).join(' & ')} ${who} at once`);
  }

  async run(_model: object, scene: Scene): Promise<void> {
    const person = scene.person(this.who);
    const asked = Date.now();
    const answers = await Promise.all([
      person.act('A', this.acts[0]),
      person.act('B', this.acts[1]),
    ]);
    const pairs = answers.map((answer, i) => ({ answer, act: this.acts[i] as Act }));
    for (const { answer } of pairs) expect([200, 409]).toContain(answer.status);
    const accepted = pairs.filter(({ answer }) => answer.status === 200);
    accepted.sort((a, b) => rank(a) - rank(b));
    for (const { answer, act } of accepted) {
      const { operationId: id, epoch } = answer.body;
      person.model.apply(act, { id, epoch }, asked, Date.now());
    }
    person.keep();
  }
}

function rank({ answer, act }: { answer: Answer; act: Act }): number {
  return act.action === 'remove' ? 0 : answer.body.epoch;
}

class Undo extends Step {
  constructor(
    private readonly who: Name,
    private readonly server: ServerName,
  ) {
    super(`undo ${who} at ${server}`);
  }

  async run(_model: object, scene: Scene): Promise<void> {
    const person = scene.person(this.who);
    const { model } = person;
    const { last } = model;
    if (!last) return;
    const asked = Date.now();
    // An end that came by itself counts as a change as well: then there is nothing to undo.
    const mayHaveEnded = model.lastEnd() > 0;
    const isBlocked = model.accepts({ action: 'promote', template: 'viewer' }, asked) !== true;
    const { status, body } = await person.undo(this.server, last.id);
    if (status === 200) {
      model.undo({ id: body.operationId, epoch: body.epoch }, asked, Date.now());
    } else if (status !== 409 || !(mayHaveEnded || isBlocked)) {
      throw new Error(`undo of ${person.identity}: ${status} ${JSON.stringify(body)}`);
    }
  }
}

class Join extends Step {
  constructor(
    private readonly who: Name,
    private readonly token: Token,
    private readonly way: Way,
  ) {
    super(
      `${who} joins with the ${token} token, ${way === 'past' ? 'past the gate' : `gate ${way}`}`,
    );
  }

  async run(_model: object, scene: Scene): Promise<void> {
    if (this.way === 'past') await scene.untilOpen();
    const person = scene.person(this.who);
    person.keep();
    const token = tokenOf(person, this.token);
    if (this.way === 'past') await joinPast(person, token);
    else await joinThrough(person, token, this.way);
    person.keep();
  }
}

async function joinPast(person: Person, token: string): Promise<void> {
  try {
    const here = person.scene.world.livekit.join(token);
    for (const source of ['MICROPHONE', 'CAMERA'] as const) here.publish(source);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
  }
}

/** What comes through the gate has what is wished from its first packet, or does not come in. */
async function joinThrough(person: Person, token: string, server: ServerName): Promise<void> {
  const { model, scene } = person;
  const asked = Date.now();
  const possible = () => [...model.possible(asked, Date.now())];
  try {
    const { join } = await signalJoin(scene.world.urlOf(server).replace('http', 'ws'), token);
    const permission = (join.participant?.permission?.toJson() ?? {}) as Parameters<
      typeof keyOf
    >[0];
    expect(possible()).toContain(keyOf(permission));
  } catch (error) {
    const { status } = error as { status?: number };
    if (status === undefined || status >= 500 || status === 404) return;
    if (status !== 403) throw error;
    expect(possible()).toContain(OUT);
  }
}

function tokenOf({ tokens, scene, identity }: Person, token: Token): string {
  switch (token) {
    case 'issued':
      return tokens[0] as string;
    case 'newest':
      return tokens.at(-1) as string;
    case 'oldest refreshed':
      return (tokens[1] ?? tokens[0]) as string;
    case 'stolen presenter': {
      const { canUpdateMetadata, ...shared } = rightsOf('presenter');
      const now = Math.floor(Date.now() / 1000);
      const video = { roomJoin: true, room: scene.room, ...shared, canUpdateMetadata };
      return scene.world.livekit.sign({ sub: identity, nbf: now, exp: now + 600, video });
    }
  }
}

/** A join and a change at the same time: the gate may have decided before the commit. */
class JoinDuring extends Step {
  constructor(
    private readonly who: Name,
    private readonly act: Act,
    private readonly token: Token,
  ) {
    super(`${describe(act)} ${who} while they join with the ${token} token`);
  }

  async run(_model: object, scene: Scene): Promise<void> {
    const person = scene.person(this.who);
    person.keep();
    const asked = Date.now();
    const [answer] = await Promise.all([
      person.act('A', this.act),
      signalJoin(scene.world.urlOf('B').replace('http', 'ws'), tokenOf(person, this.token)).catch(
        () => null,
      ),
    ]);
    take(person, this.act, answer, asked, Date.now());
    person.keep();
  }
}

class Leave extends Step {
  constructor(private readonly who: Name) {
    super(`${who} leaves`);
  }

  run(_model: object, scene: Scene): Promise<void> {
    scene.person(this.who).keep();
    scene.person(this.who).here?.leave();
    return Promise.resolve();
  }
}

/** The page is loaded anew: another connection, with the token that the page began with. */
class Reload extends Step {
  constructor(
    private readonly who: Name,
    private readonly isFullReconnect: boolean,
  ) {
    super(isFullReconnect ? `${who} reconnects` : `${who} reloads`);
  }

  async run(_model: object, scene: Scene): Promise<void> {
    const person = scene.person(this.who);
    person.keep();
    if (!person.here) return;
    person.here.leave();
    await joinPast(person, tokenOf(person, this.isFullReconnect ? 'newest' : 'issued'));
  }
}

class Webhooks extends Step {
  constructor(private readonly mode: WebhookMode) {
    super(`webhooks are ${mode}`);
  }

  run(_model: object, { world }: Scene): Promise<void> {
    world.livekit.webhooks.release();
    world.livekit.webhooks.mode = this.mode;
    return Promise.resolve();
  }
}

class RestartLiveKit extends Step {
  constructor() {
    super('LiveKit restarts and has lost its rooms');
  }

  async run(_model: object, scene: Scene): Promise<void> {
    for (const person of scene.people.values()) person.keep();
    await scene.world.livekit.restart();
  }
}

type Trouble = 'slow' | 'late' | 'fail' | 'drop' | 'half-fail' | 'half-drop';

class Troubled extends Step {
  constructor(
    private readonly trouble: Trouble,
    private readonly times: number,
    private readonly who: Name | null,
  ) {
    super(`LiveKit is ${trouble} for ${times} calls${who ? ` about ${who}` : ''}`);
  }

  run(_model: object, scene: Scene): Promise<void> {
    const { trouble, times } = this;
    const about = this.who ? { identity: scene.person(this.who).identity } : {};
    scene.isTroubled = true;
    scene.world.livekit.inject({
      ...about,
      times,
      ...(trouble === 'slow' ? { latencyMs: 150 } : {}),
      ...(trouble === 'late' ? { latencyMs: 600, on: 'UpdateParticipant' } : {}),
      ...(trouble === 'slow' || trouble === 'late' ? {} : { then: trouble }),
    });
    return Promise.resolve();
  }
}

/** Server B is killed (-9) when its call is at LiveKit: before it has an effect, or after. */
class Kill extends Step {
  constructor(
    private readonly who: Name,
    private readonly act: Act,
    private readonly when: 'before' | 'after',
  ) {
    super(`${describe(act)} ${who} at B, which is killed ${when} the effect`);
  }

  async run(_model: object, scene: Scene): Promise<void> {
    const { world } = scene;
    const person = scene.person(this.who);
    if (!world.b.isReady || !person.here || scene.isTroubled) return;
    if (person.model.accepts(this.act, Date.now()) !== true) return;
    let isStruck = false;
    const end = world.livekit.inject({
      on: ['UpdateParticipant', 'RemoveParticipant'],
      identity: person.identity,
      times: 1,
      then: this.when === 'before' ? 'hang' : 'half-hang',
      onStrike: () => (isStruck = true),
    });
    const before = await person.epoch();
    const asked = Date.now();
    let isAnswered = false;
    void person.act('B', this.act).then(
      () => (isAnswered = true),
      () => (isAnswered = true),
    );
    await until('the call is under way', () => isStruck || isAnswered);
    scene.hasLeftovers = true;
    await world.killB();
    end();
    const operation = await person.newestOperation();
    // Asked for again a moment after, an act is not committed once more.
    if (!operation || operation.epoch <= before) return;
    person.model.apply(this.act, operation, asked, Date.now());
  }
}

class SweepNow extends Step {
  constructor() {
    super('a sweep');
  }

  run(_model: object, { world }: Scene): Promise<void> {
    world.sweepNow();
    return Promise.resolve();
  }
}

function describe({ action, ...rest }: Act): string {
  const {
    template,
    sources,
    for: seconds,
  } = rest as {
    template?: string;
    sources?: string[];
    for?: number;
  };
  return [
    action,
    ...(template ? [`to ${template}`] : []),
    ...(sources ? [sources.join('+')] : []),
    ...(seconds ? [`for ${seconds} s`] : []),
  ].join(' ');
}

const who = fc.constantFrom<Name>(...PEOPLE);
const server = fc.constantFrom<ServerName>('A', 'B');
const lease = fc.option(fc.constantFrom(1, 2), { freq: 2, nil: undefined });
const template = fc.constantFrom<Template>(...TEMPLATES);
const sources = fc.constantFrom(
  ['microphone'],
  ['camera', 'microphone'],
  ['camera', 'microphone', 'screen_share', 'screen_share_audio'],
);
const withFor = <T extends object>(act: T, seconds: number | undefined) =>
  seconds === undefined ? act : { ...act, for: seconds };

const change: fc.Arbitrary<Act> = fc.oneof(
  { weight: 4, arbitrary: change2('promote') },
  { weight: 2, arbitrary: change2('demote') },
  { weight: 3, arbitrary: fc.constant<Act>({ action: 'demote' }) },
  {
    weight: 2,
    arbitrary: lease.map((seconds): Act => withFor({ action: 'block' }, seconds)),
  },
  { weight: 2, arbitrary: fc.constant<Act>({ action: 'unblock' }) },
  {
    weight: 2,
    arbitrary: fc
      .tuple(sources, lease)
      .map(([held, seconds]): Act => withFor({ action: 'hold', sources: held }, seconds)),
  },
  { weight: 1, arbitrary: fc.constant<Act>({ action: 'release' }) },
);

function change2(action: 'promote' | 'demote'): fc.Arbitrary<Act> {
  return fc
    .tuple(template, lease)
    .map(([key, seconds]): Act => withFor({ action, template: key }, seconds));
}

const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 12, arbitrary: change },
  { weight: 1, arbitrary: fc.constant<Act>({ action: 'remove' }) },
);
const token = fc.constantFrom<Token>('issued', 'newest', 'oldest refreshed', 'stolen presenter');
const way = fc.constantFrom<Way>('A', 'B', 'past', 'past');

/** Weighted by repeating: `fc.commands` chooses among them evenly. */
export function allCommands(): fc.Arbitrary<Command>[] {
  const doing = fc.tuple(who, act, server).map((args) => new Do(...args));
  const joining = fc.tuple(who, token, way).map((args) => new Join(...args));
  return [
    doing,
    doing,
    doing,
    doing,
    joining,
    joining,
    joining,
    fc.tuple(who, fc.tuple(change, change)).map((args) => new Both(...args)),
    fc.tuple(who, change, token).map((args) => new JoinDuring(...args)),
    fc.tuple(who, server).map((args) => new Undo(...args)),
    who.map((one) => new Leave(one)),
    fc.tuple(who, fc.boolean()).map((args) => new Reload(...args)),
    fc
      .constantFrom<WebhookMode>('normal', 'lost', 'duplicated', 'reordered', 'late')
      .map((mode) => new Webhooks(mode)),
    fc
      .tuple(
        fc.constantFrom<Trouble>('slow', 'late', 'fail', 'drop', 'half-fail', 'half-drop'),
        fc.integer({ min: 1, max: 5 }),
        fc.option(who),
      )
      .map((args) => new Troubled(...args)),
    fc.oneof(
      { weight: 2, arbitrary: fc.constant<Command>(new SweepNow()) },
      { weight: 1, arbitrary: fc.constant<Command>(new RestartLiveKit()) },
      {
        weight: 1,
        arbitrary: fc
          .tuple(who, change, fc.constantFrom<'before' | 'after'>('before', 'after'))
          .map((args): Command => new Kill(...args)),
      },
    ),
  ];
}
