import { monitorEventLoopDelay } from 'node:perf_hooks';
import { expect } from '@jest/globals';
import { Hostile, tryByHand } from './hostile.js';
import { startLiveWorld } from './live-world.js';
import { signalJoin } from './livekit-signal.js';
import { startWebhookRelay } from './relays.js';
import { until } from './until.js';
import { watchParticipant } from './watch.js';
import { HostileScene, ROOM, HERE, SWEPT_MS, everything, nothing } from './hostile-scene.js';

export const ELSEWHERE = 'green room';

/** Who behaves, and what they are. */
const OTHERS = {
  hana: 'host',
  sam: 'speaker',
  sue: 'speaker',
  vic: null,
  val: null,
  viv: null,
  vera: null,
};

/** Media begins when a busy machine comes to it; nothing is promised of that. */
const BUSY_MS = 60_000;

export const aboutTheMicrophone = (what: string) => /microphone/i.test(what);

/** What happens, chapter by chapter. */
export class HostileStory extends HostileScene {
  private readonly delays = monitorEventLoopDelay({ resolution: 10 });

  /** How late a busy machine was at most, while it was watched how soon something ends. */
  get lateMs(): number {
    return Math.ceil(this.delays.max / 1e6);
  }

  /** All of it, from the first to the last act. It can be stopped also when it ended halfway. */
  async play(): Promise<void> {
    await this.theRoomFills();
    this.delays.enable();
    await this.sheForges();
    await this.sheIsLetUpAndTakenDown();
    await this.sheComesBackThroughTheGate();
    await this.sheComesBackPastIt();
    await this.herTokensAreVoided();
    await this.sheIsHeldSilent();
    await this.sheIsBlocked();
    await this.sheComesBackBlocked();
    this.delays.disable();
  }

  async theRoomFills(): Promise<void> {
    this.hooks = await startWebhookRelay();
    this.world = await startLiveWorld(
      { ROLECALL_GATE: 'on', ROLECALL_SWEEP: '2s' },
      { webhookUrl: this.hooks.url },
    );
    ({ livekit: this.livekit, app: this.app, scene: this.scene } = this.world);
    ({ people: this.people, gate: this.gate } = this.world);
    this.hooks.target = `${this.app.url}/livekit/webhook`;
    this.mallory = new Hostile('mallory', this.people);
    this.moderator = await this.app.operator('moderator');
    this.auditor = await this.app.operator('auditor');
    for (const room of [ROOM, ELSEWHERE]) await this.scene.room(room);
    for (const identity of [...Object.keys(OTHERS), 'mallory']) await this.scene.user(identity);
    await this.aTemplateThatOnlyListens();
    await this.assign('mallory', ELSEWHERE, 'presenter');
    for (const [identity, template] of Object.entries(OTHERS)) {
      if (template) await this.assign(identity, ROOM, template);
      const token = await this.issue(identity);
      const participant = await this.people.join(identity, this.gate, token);
      if (template === 'speaker') await participant.publishVideo();
      if (identity === 'vic') [this.vic, this.victimsToken] = [participant, token];
      if (identity === 'vera') this.witness = participant;
    }
    await this.witness.watch('mallory');
    this.watch = watchParticipant(this.scene, ROOM, 'mallory');
    this.mallory.kept.set('the first', await this.issue('mallory'));
    await this.mallory.come(this.gate, this.mallory.kept.get('the first') as string);
    await this.mallory.keep('refreshed for a viewer');
    await until('everybody is shown', async () => {
      const seats = await this.scene.seats(ROOM);
      return seats.filter(({ isPresent, inSync }) => isPresent && inSync).length === 8;
    });
  }

  /** As a viewer, who may send data: her messages arrive. */
  async sheForges(): Promise<void> {
    this.forged.before = await this.allThatCounts();
    this.forged.told.push(await this.stageApi(this.victimsToken));
    await this.mallory.forge('vic');
    await until(
      'vic has heard all of it',
      async () => (await this.vic.status()).data.length === 12,
    );
    await until('the chat as well', async () => {
      return (await this.witness.sightings()).some(({ what }) => what === 'chat');
    });
    // Vic's app asks again, as it should, and even does what it was told.
    this.forged.told.push(await this.stageApi(this.victimsToken));
    this.forged.told.push(await this.stageApi(this.victimsToken, 'accept'));
    this.forged.after = await this.allThatCounts();
  }

  async sheIsLetUpAndTakenDown(): Promise<void> {
    await this.act('promote', {}, nothing);
    await this.mallory.me.publishVideo();
    await this.mallory.me.publishAudio();
    await until(
      'the witness sees and hears her',
      async () => {
        const { subscribed, frames } = await this.witness.status();
        const hers = subscribed.filter((track) => track.startsWith('mallory/'));
        return hers.length === 2 && (frames['mallory'] ?? 0) > 3;
      },
      BUSY_MS,
    );
    await this.mallory.keep('refreshed for a speaker');
    await this.untilRolecallKnowsOf(2);
    await this.act('demote', { template: 'audience', reason: 'spam' }, everything);
    await this.mallory.keep('refreshed after the demotion');
    this.mallory.kept.set('of another room', await this.issue('mallory', ELSEWHERE));
  }

  async sheComesBackThroughTheGate(): Promise<void> {
    const from = Date.now();
    for (const [token, presented] of this.mallory.kept) {
      await this.visit(this.throughTheGate, token, async (since) => {
        await this.mallory.come(this.gate, presented);
        await this.mallory.tryEverything('vic');
        await this.severalLooks();
        const room = token === 'of another room' ? ELSEWHERE : ROOM;
        await this.untilTold(since, room);
      });
      if (token === 'of another room') continue;
      this.refusedByHand.push(await tryByHand(this.gate, presented));
    }
    await this.mallory.leave();
    for (const [token, presented] of this.mallory.kept) {
      this.stageAnswers[token] = await this.codesOf(presented);
    }
    this.spans.set('through the gate', { from, to: Date.now() });
  }

  /** LiveKit's own port, which would be closed: what her token says holds until it is seen. */
  async sheComesBackPastIt(): Promise<void> {
    for (const [token, presented] of this.mallory.kept) {
      if (token === 'of another room') continue;
      await this.visit(this.pastIt, token, async (since) => {
        await this.mallory.come(this.livekit.url, presented);
        await this.mallory.tryEverything('vic');
        await this.untilTold(since);
        await this.untilQuiet(everything);
      });
    }
  }

  async herTokensAreVoided(): Promise<void> {
    const from = Date.now();
    await this.mallory.leave();
    const voided = await this.moderator.post(`${HERE}/seats/mallory/void-tokens`, {
      reason: 'leaked',
    });
    expect(voided.status).toBe(200);
    const old = [...this.mallory.kept].filter(([what]) => what !== 'of another room');
    for (const [what, token] of old)
      this.gateAnswers[`void: ${what}`] = await this.answersOfTheGate(token);
    for (const [what, token] of old) this.stageAnswers[`void: ${what}`] = await this.codesOf(token);
    // Whoever she asks for a token gives her one of today; hers of before are worth no more for it.
    const token = await this.issue('mallory');
    await this.mallory.come(this.gate, token);
    await this.mallory.keep('refreshed since the voiding');
    this.mallory.kept.set('the second', token);
    await this.mallory.tryEverything('vic');
    await this.severalLooks();
    for (const [what, given] of old)
      this.gateAnswers[`still: ${what}`] = await this.answersOfTheGate(given);
    this.spans.set('voided', { from, to: Date.now() });
  }

  /** Up once more, and silent: promoted or not, by every token that still lets her in. */
  async sheIsHeldSilent(): Promise<void> {
    await this.act('promote', {}, nothing);
    // Anew: her client still waits for what it tried while she might not.
    await this.mallory.come(this.gate, this.mallory.kept.get('the second') as string);
    await this.mallory.me.publishAudio();
    await until(
      'she is heard',
      async () => {
        const { subscribed } = await this.witness.status();
        return subscribed.some((track) => track.startsWith('mallory/'));
      },
      BUSY_MS,
    );
    await this.mallory.keep('refreshed for a speaker again');
    await this.untilRolecallKnowsOf(1);
    await this.act('hold', { sources: ['microphone'], reason: 'shouting' }, aboutTheMicrophone);
    const from = Date.now();
    for (const what of ['the second', 'refreshed for a speaker again']) {
      await this.mallory.come(this.gate, this.mallory.kept.get(what) as string);
      await this.mallory.tryToPublish('publishAudio');
      await this.severalLooks();
    }
    await this.mallory.leave();
    await this.mallory.come(this.gate, this.mallory.kept.get('the second') as string);
    await this.mallory.me.publishVideo();
    await this.untilRolecallKnowsOf(1);
    this.spans.set('held', { from, to: Date.now() });
  }

  async sheIsBlocked(): Promise<void> {
    await this.act('block', { reason: 'hostile' }, everything);
    await until('she is out', async () => !(await this.mallory.me.status()).isConnected);
    const from = Date.now();
    for (const [what, token] of this.mallory.kept) {
      if (what === 'of another room') continue;
      await expect(this.mallory.come(this.gate, token)).rejects.toThrow('403 Forbidden');
      this.gateAnswers[`blocked: ${what}`] = await this.answersOfTheGate(token);
    }
    this.stageAnswers['blocked'] = await this.codesOf(
      this.mallory.kept.get('the second') as string,
    );
    const refused = await this.moderator.post('/api/v1/tokens', {
      room: ROOM,
      identity: 'mallory',
    });
    expect(refused).toMatchObject({ status: 403, body: { code: 'token.refused' } });
    this.spans.set('blocked', { from, to: Date.now() });
  }

  async sheComesBackBlocked(): Promise<void> {
    for (const what of ['the first', 'refreshed for a speaker again']) {
      const token = this.mallory.kept.get(what) as string;
      await this.visit(this.pastItBlocked, what, async (since) => {
        // Who is put out in the middle of it hears so after fifteen seconds.
        this.mallory.come(this.livekit.url, token).catch(() => undefined);
        await this.untilTold(since);
        await this.untilOut();
      });
      const lurker = await signalJoin(this.livekit.url, token);
      await until('she is put out', () => lurker.isClosed || lurker.leave, SWEPT_MS);
      await this.untilOut();
    }
    await until('all of it is written down', async () => {
      const repairs = await this.scene.ledger(ROOM, 'drift.repaired');
      const open = repairs.filter(({ outcome }) => outcome === 'intent').length;
      const silenced = await this.scene.ledger(ROOM, 'seat.silenced');
      return repairs.length === 2 * open && silenced.length === 3;
    });
  }
}
