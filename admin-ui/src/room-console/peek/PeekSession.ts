import {
  ConnectionState,
  DisconnectReason,
  type RemoteParticipant,
  type RemoteTrack,
  type RemoteTrackPublication,
  Room,
  RoomEvent,
  Track,
  VideoQuality,
} from 'livekit-client';
import { deleteJson, path, postJson } from '../../api/httpClient';
import type { Peek } from '@rolecall/server/api';

/** One person may send many videos; more than these at once help nobody to decide. */
const MOST_TILES = 6;
/** By how much clocks and LiveKit's removal may be apart when a peek ends by itself. */
const END_SLACK_MS = 3_000;

export type PeekEnding = 'time' | 'elsewhere' | 'put_out' | 'room' | 'lost' | 'unreachable';

export interface PeekTile {
  sid: string;
  isScreen: boolean;
  isMuted: boolean;
  /** Null until it is received. */
  track: RemoteTrack | null;
}

export interface PeekState {
  phase: 'connecting' | 'watching' | 'reconnecting' | 'ended';
  ending: PeekEnding | null;
  /** What the server or the browser refused. */
  error: unknown;
  /** When the peek ends by itself; null until it is known. */
  until: string | null;
  isHere: boolean;
  tiles: readonly PeekTile[];
  /** Videos beyond those that are shown. */
  more: number;
  hasSound: boolean;
  sounds: readonly RemoteTrack[];
  isListening: boolean;
  isSoundBlocked: boolean;
}

const REDRAW_ON = [
  RoomEvent.ParticipantConnected,
  RoomEvent.ParticipantDisconnected,
  RoomEvent.TrackUnpublished,
  RoomEvent.TrackUnsubscribed,
  RoomEvent.TrackMuted,
  RoomEvent.TrackUnmuted,
  RoomEvent.AudioPlaybackStatusChanged,
] as const;

/**
 * One look at one person, as a hidden participant of one's own: asks for it, connects, receives the
 * videos of that person alone in their smallest layer, and their sound only when that is asked for.
 */
export class PeekSession {
  // Sizes are chosen by hand here, which adaptive streams do not allow.
  private readonly room = new Room({ adaptiveStream: false, dynacast: false });
  private readonly listeners = new Set<() => void>();
  private readonly route: string;
  private isStopped = false;
  private isAsked = false;
  private isListening = false;
  private until: string | null = null;
  private ending: PeekEnding | null = null;
  private error: unknown = null;
  private isRedrawQueued = false;
  private state: PeekState;

  constructor(
    room: string,
    private readonly target: string,
  ) {
    this.route = path('rooms', room, 'seats', target, 'peek');
    this.state = this.draw();
    this.listen();
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly read = (): PeekState => this.state;

  async start(): Promise<void> {
    let peek: Peek;
    try {
      this.isAsked = true;
      peek = await postJson<Peek>(this.route);
    } catch (error) {
      this.isAsked = false;
      this.error = error;
      this.redraw();
      return;
    }
    if (this.isStopped) return this.reportEnd();
    this.until = peek.until;
    this.redraw();
    try {
      await this.room.connect(peek.serverUrl, peek.token, { autoSubscribe: false });
    } catch {
      if (this.isStopped) return;
      this.ending = 'unreachable';
      this.reportEnd();
    }
    this.follow();
  }

  /** For good: watching again is a new session. */
  stop(): void {
    if (this.isStopped) return;
    this.isStopped = true;
    void this.room.disconnect();
    if (this.ending === null && this.until !== null) this.reportEnd();
  }

  /** Right in a click: else the browser may not play sound. */
  async listenTo(isListening: boolean): Promise<void> {
    this.isListening = isListening;
    this.follow();
    if (isListening) await this.room.startAudio().catch(() => undefined);
    this.redraw();
  }

  /** Tells the server, also while the page is closing. */
  private reportEnd(): void {
    if (!this.isAsked) return;
    this.isAsked = false;
    deleteJson(this.route, { isKeptAlive: true }).catch(() => undefined); // it ends by itself
  }

  private listen(): void {
    for (const event of REDRAW_ON) this.room.on(event, () => this.redraw());
    this.room
      .on(RoomEvent.TrackPublished, () => this.follow())
      .on(RoomEvent.TrackSubscribed, (_track, publication) => {
        if (publication.kind === Track.Kind.Video) publication.setVideoQuality(VideoQuality.LOW);
        this.redraw();
      })
      .on(RoomEvent.ConnectionStateChanged, () => this.redraw())
      .on(RoomEvent.Reconnected, () => this.follow())
      .on(RoomEvent.Disconnected, (reason) => {
        if (!this.isStopped) this.ending ??= this.endingOf(reason);
        // The other window has the peek now, and reports its end.
        if (this.ending === 'elsewhere') this.isAsked = false;
        else this.reportEnd();
        this.redraw();
      });
  }

  private endingOf(reason: DisconnectReason | undefined): PeekEnding {
    switch (reason) {
      case DisconnectReason.DUPLICATE_IDENTITY:
        return 'elsewhere';
      case DisconnectReason.ROOM_DELETED:
      case DisconnectReason.ROOM_CLOSED:
        return 'room';
      case DisconnectReason.PARTICIPANT_REMOVED: {
        const left = this.until ? Date.parse(this.until) - Date.now() : 0;
        return left < END_SLACK_MS ? 'time' : 'put_out';
      }
      default:
        return 'lost';
    }
  }

  private person(): RemoteParticipant | undefined {
    return this.room.remoteParticipants.get(this.target);
  }

  private videos(): RemoteTrackPublication[] {
    return [...(this.person()?.videoTrackPublications.values() ?? [])];
  }

  private sounds(): RemoteTrackPublication[] {
    return [...(this.person()?.audioTrackPublications.values() ?? [])];
  }

  /** Receives what is shown, and nothing else. */
  private follow(): void {
    const shown = this.videos().slice(0, MOST_TILES);
    for (const video of this.videos()) video.setSubscribed(shown.includes(video));
    for (const sound of this.sounds()) sound.setSubscribed(this.isListening);
    this.redraw();
  }

  private redraw(): void {
    if (this.isRedrawQueued) return;
    this.isRedrawQueued = true;
    queueMicrotask(() => {
      this.isRedrawQueued = false;
      this.state = this.draw();
      for (const listener of this.listeners) listener();
    });
  }

  private draw(): PeekState {
    const videos = this.videos();
    const sounds = this.sounds();
    return {
      phase: this.phase(),
      ending: this.ending,
      error: this.error,
      until: this.until,
      isHere: this.person() !== undefined,
      tiles: videos.slice(0, MOST_TILES).map(({ trackSid, source, isMuted, track }) => ({
        sid: trackSid,
        isScreen: source === Track.Source.ScreenShare,
        isMuted,
        track: track ?? null,
      })),
      more: Math.max(0, videos.length - MOST_TILES),
      hasSound: sounds.some(({ isMuted }) => !isMuted),
      sounds: sounds.flatMap(({ track }) => track ?? []),
      isListening: this.isListening,
      isSoundBlocked: this.isListening && !this.room.canPlaybackAudio,
    };
  }

  private phase(): PeekState['phase'] {
    if (this.ending !== null || this.error !== null) return 'ended';
    switch (this.room.state) {
      case ConnectionState.Connected:
        return 'watching';
      case ConnectionState.Reconnecting:
      case ConnectionState.SignalReconnecting:
        return 'reconnecting';
      default:
        return 'connecting';
    }
  }
}
