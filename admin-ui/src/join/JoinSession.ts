import {
  createLocalAudioTrack,
  createLocalVideoTrack,
  DisconnectReason,
  Room,
  RoomEvent,
  Track,
  type LocalTrack,
  type LocalTrackPublication,
  type Participant,
  type RemoteTrack,
  type TextStreamReader,
} from 'livekit-client';
import {
  capabilitiesOf,
  compareCapabilities,
  isSource,
  SOURCES,
  type Capabilities,
  type Capability,
  type LivePermission,
  type Source,
} from './capabilities';
import { endingOfDisconnect, endingOfError, type Ending } from './endings';
import { keepProof, readClaims, type JoinTicket } from './joinTicket';
import { renewTicket } from './api';
import { StageDesk } from './StageDesk';
import {
  createSyntheticCamera,
  createSyntheticMicrophone,
  type SyntheticTrack,
} from './syntheticMedia';

export type Phase = 'connecting' | 'connected' | 'reconnecting' | 'ended';
export type MediaChoice = 'device' | 'synthetic';

export interface Person {
  identity: string;
  name: string;
  isSelf: boolean;
  isSpeaking: boolean;
  isMicrophoneOn: boolean;
  camera: Track | null;
  screen: Track | null;
  /** Sound to play: never one's own. */
  audio: RemoteTrack[];
}

export interface Message {
  id: number;
  from: string;
  isSelf: boolean;
  text: string;
  at: number;
}

export type Notice =
  | { id: number; kind: 'gained'; capabilities: Capability[] }
  | { id: number; kind: 'lost'; capabilities: Capability[]; ended: Source[] }
  | { id: number; kind: 'muted'; source: Source }
  | { id: number; kind: 'media_failed'; source: Source; reason: string };

export interface JoinState {
  phase: Phase;
  ending: Ending | null;
  may: Capabilities | null;
  isHidden: boolean;
  identity: string;
  name: string;
  sending: Record<Source, boolean>;
  /** Sources that are being turned on or off now. */
  switching: readonly Source[];
  people: Person[];
  messages: readonly Message[];
  notices: readonly Notice[];
  isSoundBlocked: boolean;
}

const TRACK_SOURCES: Record<Source, Track.Source> = {
  microphone: Track.Source.Microphone,
  camera: Track.Source.Camera,
  screen_share: Track.Source.ScreenShare,
};
const CHAT_TOPIC = 'lk.chat';
/** Rolecall's word that something about oneself changed. It is empty, and anybody may send one. */
const HINT_TOPIC = 'rolecall';
const MESSAGES_KEPT = 200;
/**
 * LiveKit can lose a track that is published within about 300 ms of a demotion: it then is on
 * here and nowhere else. So a track is not published sooner than this after a right was lost.
 */
const SETTLE_MS = 400;
/** What is lost this soon after stepping down was lost by it. */
const STEP_DOWN_MS = 5_000;

const REDRAW_ON = [
  RoomEvent.ParticipantConnected,
  RoomEvent.ParticipantDisconnected,
  RoomEvent.ParticipantNameChanged,
  RoomEvent.TrackPublished,
  RoomEvent.TrackUnpublished,
  RoomEvent.TrackSubscribed,
  RoomEvent.TrackUnsubscribed,
  RoomEvent.TrackUnmuted,
  RoomEvent.LocalTrackPublished,
  RoomEvent.ActiveSpeakersChanged,
  RoomEvent.AudioPlaybackStatusChanged,
] as const;

/** One stay in a room: connects, follows what the server allows, sends and shows media. */
export class JoinSession {
  readonly stage: StageDesk;
  private readonly room = new Room({ dynacast: true, adaptiveStream: true });
  private readonly listeners = new Set<() => void>();
  private readonly synthetic = new Map<Source, SyntheticTrack>();
  private readonly endedHere = new Set<Source>();
  private readonly vanishedAt = new Map<Source, number>();
  private readonly switching = new Set<Source>();
  private messages: Message[] = [];
  private notices: Notice[] = [];
  private noticeCount = 0;
  private messageCount = 0;
  private may: Capabilities | null = null;
  private lostAt = -Infinity;
  private steppedDownAt = -Infinity;
  private phase: Phase = 'connecting';
  private ending: Ending | null = null;
  private isRedrawQueued = false;
  private state: JoinState;

  constructor(private readonly ticket: JoinTicket) {
    this.stage = new StageDesk(ticket.room, {
      current: () => this.newestToken(),
      renew: () => renewTicket(ticket),
    });
    this.state = this.draw();
    this.listen();
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly read = (): JoinState => this.state;

  async connect(): Promise<void> {
    try {
      await this.room.connect(this.ticket.serverUrl, this.ticket.token);
      this.phase = 'connected';
      this.takePermission(this.room.localParticipant.permissions);
      this.stage.start();
    } catch (error) {
      const expiry = readClaims(this.ticket.token)?.exp;
      this.end(endingOfError(error, expiry !== undefined && expiry * 1000 < Date.now()));
    }
    this.redraw();
  }

  async leave(): Promise<void> {
    this.stopSynthetic();
    await this.room.disconnect();
    this.end(endingOfDisconnect(DisconnectReason.CLIENT_INITIATED));
  }

  /** Turns a source on or off. What fails is told by a notice, never thrown. */
  async send(source: Source, isOn: boolean, choice: MediaChoice): Promise<void> {
    if (this.switching.has(source)) return;
    this.switching.add(source);
    this.redraw();
    try {
      await (isOn ? this.turnOn(source, choice) : this.turnOff(source));
      this.dismissAll((notice) => isAbout(notice, source));
    } catch (error) {
      this.stopSynthetic(source);
      // Closing the browser's own picker is a choice, not a failure.
      if (!(source === 'screen_share' && isNamed(error, 'NotAllowedError'))) {
        this.notify({ kind: 'media_failed', source, reason: reasonOf(error) });
      }
    } finally {
      this.switching.delete(source);
      this.redraw();
    }
  }

  /** Gives back what was given; what then ends is nobody else's doing. */
  async stepDown(): Promise<void> {
    this.steppedDownAt = performance.now();
    await this.stage.act('step-down');
  }

  async say(text: string): Promise<void> {
    await this.room.localParticipant.sendText(text, { topic: CHAT_TOPIC });
    this.addMessage(this.room.localParticipant, text);
  }

  async turnSoundOn(): Promise<void> {
    await this.room.startAudio();
    this.redraw();
  }

  dismiss(id: number): void {
    this.dismissAll((notice) => notice.id === id);
  }

  /**
   * LiveKit makes the token anew every few minutes and at every change. The client keeps the newest
   * to itself, for its reconnects (livekit-client 2.23); without it, the one that we came with.
   */
  private newestToken(): string {
    const { token } = (this.room.engine as unknown as { token?: string } | undefined) ?? {};
    if (token && token !== this.ticket.token) keepProof(this.ticket.room, token);
    return token ?? this.ticket.token;
  }

  private listen(): void {
    for (const event of REDRAW_ON) this.room.on(event, this.redraw);
    this.room
      .on(RoomEvent.ParticipantPermissionsChanged, (_before, participant) => {
        if (participant === this.room.localParticipant)
          this.takePermission(participant.permissions);
        this.redraw();
      })
      .on(RoomEvent.DataReceived, (_payload, from, _kind, topic) => {
        // Participants may send with any topic; only the server has no name.
        if (topic === HINT_TOPIC && !from) this.stage.ask();
      })
      .on(RoomEvent.LocalTrackUnpublished, this.noteUnpublished)
      .on(RoomEvent.TrackMuted, (publication, participant) => {
        const source = sourceOf(publication.source);
        const isOwn = participant === this.room.localParticipant;
        if (isOwn && source && !this.switching.has(source)) this.notify({ kind: 'muted', source });
        this.redraw();
      })
      .on(RoomEvent.SignalReconnecting, () => this.setPhase('reconnecting'))
      .on(RoomEvent.Reconnecting, () => this.setPhase('reconnecting'))
      .on(RoomEvent.Reconnected, () => {
        this.setPhase('connected');
        this.takePermission(this.room.localParticipant.permissions);
        this.stage.ask();
      })
      .on(RoomEvent.Disconnected, (reason) => {
        if (this.phase === 'connecting') return;
        this.stopSynthetic();
        this.end(endingOfDisconnect(reason));
      });
    this.room.registerTextStreamHandler(CHAT_TOPIC, (reader, { identity }) => {
      void this.takeMessage(reader, identity);
    });
  }

  private takePermission(permission: LivePermission | undefined): void {
    if (!permission) return;
    this.stage.ask();
    const now = capabilitiesOf(permission);
    const before = this.may;
    this.may = now;
    if (!before) return;
    const { gained, lost } = compareCapabilities(before, now);
    if (lost.length > 0) {
      this.lostAt = performance.now();
      const ended = this.isSteppingDown()
        ? []
        : lost
            .filter(isSource)
            .filter((source) => this.isSending(source) || this.hasJustVanished(source));
      this.dismissAll((notice) => notice.kind === 'gained' || notice.kind === 'muted');
      this.notify({ kind: 'lost', capabilities: lost, ended });
    }
    if (gained.length > 0) {
      this.dismissAll((notice) => notice.kind === 'lost');
      this.notify({ kind: 'gained', capabilities: gained });
    }
  }

  /**
   * A track went away that was not turned off here. The server's doing tells its reason by the
   * permission, just before or just after; without one it was the browser or the device.
   */
  private readonly noteUnpublished = (publication: LocalTrackPublication): void => {
    const source = sourceOf(publication.source);
    if (source && !this.endedHere.has(source) && this.phase === 'connected') {
      this.stopSynthetic(source);
      this.vanishedAt.set(source, performance.now());
      const notice = this.notices.find((each) => each.kind === 'lost');
      if (
        !this.isSteppingDown() &&
        notice?.capabilities.includes(source) &&
        !notice.ended.includes(source)
      ) {
        const ended = [...notice.ended, source];
        this.notices = this.notices.map((each) => (each === notice ? { ...notice, ended } : each));
      }
    }
    this.redraw();
  };

  private isSteppingDown(): boolean {
    return performance.now() - this.steppedDownAt < STEP_DOWN_MS;
  }

  private hasJustVanished(source: Source): boolean {
    return performance.now() - (this.vanishedAt.get(source) ?? -Infinity) < 1000;
  }

  private async turnOn(source: Source, choice: MediaChoice): Promise<void> {
    const settled = SETTLE_MS - (performance.now() - this.lostAt);
    if (settled > 0) await new Promise((resolve) => setTimeout(resolve, settled));
    const self = this.room.localParticipant;
    if (source === 'screen_share') {
      await self.setScreenShareEnabled(true);
      return;
    }
    const publication = self.getTrackPublication(TRACK_SOURCES[source]);
    const isSame = this.synthetic.has(source) === (choice === 'synthetic');
    if (publication?.track && isSame) {
      await publication.unmute();
      return;
    }
    if (publication?.track) await this.unpublish(source, publication.track);
    const isSynthetic = choice === 'synthetic';
    const track = isSynthetic ? this.makeSynthetic(source) : await openDevice(source);
    await self.publishTrack(track, {
      source: TRACK_SOURCES[source],
      simulcast: !isSynthetic,
      ...(isSynthetic ? { name: `synthetic ${source}` } : {}),
    });
  }

  private async turnOff(source: Source): Promise<void> {
    const self = this.room.localParticipant;
    const publication = self.getTrackPublication(TRACK_SOURCES[source]);
    if (!publication?.track) return;
    if (source === 'microphone') await publication.mute();
    else await this.unpublish(source, publication.track);
  }

  private async unpublish(source: Source, track: LocalTrack): Promise<void> {
    this.endedHere.add(source);
    try {
      if (source === 'screen_share') {
        await this.room.localParticipant.setScreenShareEnabled(false);
      } else {
        await this.room.localParticipant.unpublishTrack(track, true);
      }
      this.stopSynthetic(source);
    } finally {
      this.endedHere.delete(source);
    }
  }

  private makeSynthetic(source: 'camera' | 'microphone'): MediaStreamTrack {
    const label = this.room.localParticipant.name || this.ticket.identity;
    const made =
      source === 'camera' ? createSyntheticCamera(label) : createSyntheticMicrophone(label);
    this.synthetic.set(source, made);
    return made.track;
  }

  private stopSynthetic(source?: Source): void {
    for (const each of source ? [source] : SOURCES) {
      this.synthetic.get(each)?.stop();
      this.synthetic.delete(each);
    }
  }

  private async takeMessage(reader: TextStreamReader, identity: string): Promise<void> {
    const text = await reader.readAll();
    // A hidden participant may speak as well; LiveKit does not say who it is.
    this.addMessage(this.room.getParticipantByIdentity(identity) ?? null, text);
  }

  private addMessage(from: Participant | null, text: string): void {
    this.messageCount += 1;
    const message: Message = {
      id: this.messageCount,
      from: from ? from.name || from.identity : '',
      isSelf: from === this.room.localParticipant,
      text,
      at: Date.now(),
    };
    this.messages = [...this.messages, message].slice(-MESSAGES_KEPT);
    this.redraw();
  }

  private notify(notice: NewNotice): void {
    this.noticeCount += 1;
    const made = { ...notice, id: this.noticeCount };
    this.notices = [...this.notices.filter((each) => each.kind !== made.kind), made];
    this.redraw();
  }

  private dismissAll(which: (notice: Notice) => boolean): void {
    this.notices = this.notices.filter((notice) => !which(notice));
    this.redraw();
  }

  private isSending(source: Source): boolean {
    const publication = this.room.localParticipant.getTrackPublication(TRACK_SOURCES[source]);
    return publication?.track !== undefined && !publication.isMuted;
  }

  private setPhase(phase: Phase): void {
    if (this.phase !== 'ended') this.phase = phase;
    this.redraw();
  }

  private end(ending: Ending): void {
    if (this.phase === 'ended') return;
    this.stage.stop();
    this.phase = 'ended';
    this.ending = ending;
    this.notices = [];
    this.redraw();
  }

  /** Many events come at once; one drawing follows them. */
  private readonly redraw = (): void => {
    if (this.isRedrawQueued) return;
    this.isRedrawQueued = true;
    queueMicrotask(() => {
      this.isRedrawQueued = false;
      this.state = this.draw();
      for (const listener of this.listeners) listener();
    });
  };

  private draw(): JoinState {
    const self = this.room.localParticipant;
    const isHere = this.phase === 'connected' || this.phase === 'reconnecting';
    const people = isHere ? [self, ...this.room.remoteParticipants.values()] : [];
    return {
      phase: this.phase,
      ending: this.ending,
      may: this.may,
      isHidden: self.permissions?.hidden ?? false,
      identity: self.identity || this.ticket.identity,
      name: self.name || this.ticket.name || this.ticket.identity,
      sending: {
        microphone: this.isSending('microphone'),
        camera: this.isSending('camera'),
        screen_share: this.isSending('screen_share'),
      },
      switching: [...this.switching],
      people: people.map((person) => drawPerson(person, person === self)),
      messages: this.messages,
      notices: this.notices,
      isSoundBlocked: isHere && !this.room.canPlaybackAudio,
    };
  }
}

type NewNotice = Notice extends infer Each
  ? Each extends Notice
    ? Omit<Each, 'id'>
    : never
  : never;

function drawPerson(person: Participant, isSelf: boolean): Person {
  const shown = (source: Track.Source) => {
    const publication = person.getTrackPublication(source);
    return publication?.track && !publication.isMuted ? publication.track : null;
  };
  const heard = isSelf
    ? []
    : [Track.Source.Microphone, Track.Source.ScreenShareAudio]
        .map((source) => person.getTrackPublication(source)?.track as RemoteTrack | undefined)
        .filter((track) => track !== undefined);
  const microphone = person.getTrackPublication(Track.Source.Microphone);
  return {
    identity: person.identity,
    name: person.name || person.identity,
    isSelf,
    isSpeaking: person.isSpeaking,
    isMicrophoneOn: microphone !== undefined && !microphone.isMuted,
    camera: shown(Track.Source.Camera),
    screen: shown(Track.Source.ScreenShare),
    audio: heard,
  };
}

function openDevice(source: 'camera' | 'microphone'): Promise<LocalTrack> {
  return source === 'camera'
    ? createLocalVideoTrack({ resolution: { width: 640, height: 360, frameRate: 24 } })
    : createLocalAudioTrack();
}

function sourceOf(source: Track.Source): Source | null {
  return SOURCES.find((each) => TRACK_SOURCES[each] === source) ?? null;
}

function isAbout(notice: Notice, source: Source): boolean {
  return (notice.kind === 'muted' || notice.kind === 'media_failed') && notice.source === source;
}

function isNamed(error: unknown, name: string): boolean {
  return error instanceof Error && error.name === name;
}

function reasonOf(error: unknown): string {
  if (isNamed(error, 'NotFoundError')) return 'no_device';
  if (isNamed(error, 'NotAllowedError')) return 'browser_refused';
  if (isNamed(error, 'NotReadableError')) return 'in_use';
  return error instanceof Error ? error.message : String(error);
}
