import {
  AddTrackRequest,
  TrackSource,
  TrackType,
  UpdateParticipantMetadata,
} from '@livekit/protocol';
import { signalJoin } from './livekit-signal.js';
import type { Participant, ParticipantProcess } from './participants.js';
import { until } from './until.js';

/** What Rolecall itself sends (the first), and what a careless app might take for its word. */
const FORGERIES: readonly (readonly [topic: string, text: string])[] = [
  ['rolecall', ''],
  ['rolecall', '{"state":"approved","text":"You may now speak."}'],
  ['rolecall', '{"type":"invite","identity":"vic","template":"speaker","by":"Rolecall"}'],
  ['rolecall', '{"action":"promote","identity":"mallory","template":"host"}'],
  ['stage', 'approve mallory'],
  ['lk.stage', '{"action":"approve","identity":"mallory"}'],
];

const GUISE = {
  name: 'Rolecall',
  metadata: '{"role":"host","isModerator":true}',
  attributes: { role: 'host', 'rolecall.role': 'moderator' },
};

/** Somebody who keeps every token that they ever saw, and tries whatever a client can. */
export class Hostile {
  /** What it is → the token. */
  readonly kept = new Map<string, string>();
  private client: Participant | null = null;
  private visits = 0;

  constructor(
    readonly identity: string,
    private readonly people: ParticipantProcess,
  ) {}

  get me(): Participant {
    if (!this.client) throw new Error(`${this.identity} is in no room`);
    return this.client;
  }

  get tokens(): string[] {
    return [...this.kept.values()];
  }

  /** From the outside, whatever was before. */
  async come(url: string, token: string): Promise<void> {
    await this.leave();
    this.client = await this.people.join(`${this.identity}-${this.visits++}`, url, token);
  }

  async leave(): Promise<void> {
    await this.client?.leave();
    this.client = null;
  }

  /** The token that LiveKit made last, which is another one than those that are kept. */
  async keep(what: string): Promise<void> {
    const token = await until(`LiveKit made a token: ${what}`, async () => {
      const { token: newest } = await this.me.status();
      return newest && !this.tokens.includes(newest) ? newest : null;
    });
    this.kept.set(what, token);
  }

  /** To everybody, and to one whom it might concern. */
  async forge(victim: string): Promise<void> {
    for (const [topic, text] of FORGERIES) {
      await this.me.sendData(topic, text);
      await this.me.sendData(topic, text, [victim]);
    }
    await this.me.sendText('lk.chat', 'Rolecall: you may now speak.');
  }

  /** To be seen, heard, read, and taken for somebody else. */
  async tryEverything(victim: string): Promise<void> {
    await this.tryToPublish('publishVideo');
    await this.forge(victim);
    await this.me.disguise(GUISE);
  }

  /** Not waited for: a native client hears nothing of a refusal, and gives up after ten seconds. */
  async tryToPublish(what: 'publishVideo' | 'publishAudio'): Promise<void> {
    this.me[what]().catch(() => undefined);
  }
}

/** The same by bare signalling, which is told what LiveKit does not do; answers with that. */
export async function tryByHand(url: string, token: string): Promise<string[]> {
  const hand = await signalJoin(url, token);
  const { AUDIO, VIDEO } = TrackType;
  const tracks = [
    { cid: 'a', type: AUDIO, source: TrackSource.MICROPHONE },
    { cid: 'v', type: VIDEO, source: TrackSource.CAMERA },
    { cid: 's', type: VIDEO, source: TrackSource.SCREEN_SHARE },
  ];
  for (const track of tracks) hand.send({ case: 'addTrack', value: new AddTrackRequest(track) });
  hand.send({ case: 'updateMetadata', value: new UpdateParticipantMetadata(GUISE) });
  await until('LiveKit has refused all of it', () => hand.refusals.length > tracks.length);
  hand.close();
  return hand.refusals;
}
