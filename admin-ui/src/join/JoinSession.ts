import {
  DisconnectReason,
  Room,
  RoomEvent,
  type LocalTrackPublication,
  type Participant,
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
import { InsecurePageError, type MediaChoice, OwnMedia, sourceOf } from './OwnMedia';
import { type Person, personOf } from './person';
import { StageClient } from './StageClient';
import { nameOf } from '../shared/nameOf';

export type Phase = 'connecting' | 'connected' | 'reconnecting' | 'ended';

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
  /** What is sent from a synthetic source. */
  synthetic: readonly Source[];
  /** Sources that are being turned on or off now. */
  switching: readonly Source[];
  people: Person[];
  messages: readonly Message[];
  notices: readonly Notice[];
  isSoundBlocked: boolean;
}

const CHAT_TOPIC = 'lk.chat';
/** A hint from Rolecall that something about oneself changed. It is empty, and anybody may send one. */
const HINT_TOPIC = 'rolecall';
const MESSAGES_KEPT = 200;
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
  readonly stage: StageClient;
  private readonly room = new Room({ dynacast: true, adaptiveStream: true });
  private readonly listeners = new Set<() => void>();
  private readonly media: OwnMedia;
  private readonly vanishedAt = new Map<Source, number>();
  private readonly switching = new Set<Source>();
  private messages: Message[] = [];
  private notices: Notice[] = [];
  private noticeCount = 0;
  private messageCount = 0;
  private may: Capabilities | null = null;
  private steppedDownAt = -Infinity;
  private phase: Phase = 'connecting';
  private ending: Ending | null = null;
  private isRedrawQueued = false;
  private state: JoinState;

  constructor(private readonly ticket: JoinTicket) {
    this.media = new OwnMedia(this.room, ticket.identity);
    this.stage = new StageClient(ticket.room, {
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
    this.media.stopSynthetic();
    await this.room.disconnect();
    this.end(endingOfDisconnect(DisconnectReason.CLIENT_INITIATED));
  }

  /** Turns a source on or off. A failure becomes a notice, it is never thrown. */
  async send(source: Source, isOn: boolean, choice: MediaChoice): Promise<void> {
    if (this.switching.has(source)) return;
    this.switching.add(source);
    this.redraw();
    try {
      await (isOn ? this.media.turnOn(source, choice) : this.media.turnOff(source));
      this.dismissAll((notice) => isAbout(notice, source));
    } catch (error) {
      this.media.stopSynthetic(source);
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
   * LiveKit refreshes the token every few minutes and at every change. The client keeps the newest
   * to itself, for its reconnects (livekit-client 2.23); without it, the one that we came with.
   */
  newestToken(): string {
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
        this.media.stopSynthetic();
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
      this.media.noteRightLost();
      const ended = this.isSteppingDown()
        ? []
        : lost
            .filter(isSource)
            .filter((source) => this.media.isSending(source) || this.hasJustVanished(source));
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
    if (source && !this.media.isEndedHere(source) && this.phase === 'connected') {
      this.media.stopSynthetic(source);
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

  private async takeMessage(reader: TextStreamReader, identity: string): Promise<void> {
    const text = await reader.readAll();
    // A hidden participant may speak as well; LiveKit does not say who it is.
    this.addMessage(this.room.getParticipantByIdentity(identity) ?? null, text);
  }

  private addMessage(from: Participant | null, text: string): void {
    this.messageCount += 1;
    const message: Message = {
      id: this.messageCount,
      from: from ? nameOf(from) : '',
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
        microphone: this.media.isSending('microphone'),
        camera: this.media.isSending('camera'),
        screen_share: this.media.isSending('screen_share'),
      },
      synthetic: SOURCES.filter((source) => this.media.isSynthetic(source)),
      switching: [...this.switching],
      people: people.map((person) => personOf(person, person === self)),
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

function isAbout(notice: Notice, source: Source): boolean {
  return (notice.kind === 'muted' || notice.kind === 'media_failed') && notice.source === source;
}

function isNamed(error: unknown, name: string): boolean {
  return error instanceof Error && error.name === name;
}

function reasonOf(error: unknown): string {
  if (error instanceof InsecurePageError) return 'needs_https';
  if (isNamed(error, 'NotFoundError')) return 'no_device';
  if (isNamed(error, 'NotAllowedError')) return 'browser_refused';
  if (isNamed(error, 'NotReadableError')) return 'in_use';
  return error instanceof Error ? error.message : String(error);
}
