import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { isRemoteUnmuteOff } from './livekit-error.js';
import { LiveKitHealth } from './livekit.health.js';
import type { ObservedTrack } from './participant-view.js';
import { RoomsPort } from './rooms-port.js';

export type RemoteUnmuteState = 'on' | 'off' | 'unknown';

/** LiveKit decides whether it allows an unmute before it looks for the track. */
const NO_TRACK = 'TR_RolecallAsksOnly';
/** LiveKit may have been restarted with another configuration behind a load balancer. */
const MAX_AGE_MS = 10 * 60_000;

/**
 * Whether LiveKit runs with `room.enable_remote_unmute`. It has no call that tells, so this is learnt
 * from unmuting: from real ones, or from one that names a track that nobody has.
 */
@Injectable()
export class RemoteUnmute implements OnApplicationShutdown {
  private known: { state: 'on' | 'off'; at: number } | null = null;
  private asking: Promise<RemoteUnmuteState> | null = null;
  private readonly stopListening: () => void;

  constructor(
    private readonly rooms: RoomsPort,
    health: LiveKitHealth,
  ) {
    this.stopListening = health.onReturn(() => (this.known = null));
  }

  onApplicationShutdown(): void {
    this.stopListening();
  }

  get state(): RemoteUnmuteState {
    const { known } = this;
    return known && performance.now() - known.at < MAX_AGE_MS ? known.state : 'unknown';
  }

  /** Unmutes a track that Rolecall muted. Throws `livekit.remote_unmute_off` where that is off. */
  async unmute(room: string, identity: string, trackSid: string): Promise<ObservedTrack | null> {
    try {
      const track = await this.rooms.unmuteTrack(room, identity, trackSid);
      this.note('on');
      return track;
    } catch (error) {
      if (isRemoteUnmuteOff(error)) this.note('off');
      throw error;
    }
  }

  /**
   * The state, asked for with the help of somebody who is in a room and publishes once (a phone, an
   * ingress …). Nobody hears or sees anything of it. Calls that come meanwhile share the answer.
   */
  learn(room: string, identity: string): Promise<RemoteUnmuteState> {
    if (this.state !== 'unknown') return Promise.resolve(this.state);
    this.asking ??= this.unmute(room, identity, NO_TRACK)
      .catch(() => null) // not known, then, unless the refusal told
      .then(() => this.state)
      .finally(() => (this.asking = null));
    return this.asking;
  }

  private note(state: 'on' | 'off'): void {
    this.known = { state, at: performance.now() };
  }
}
