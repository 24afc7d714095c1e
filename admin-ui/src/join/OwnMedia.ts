import {
  createLocalAudioTrack,
  createLocalVideoTrack,
  type LocalTrack,
  type Room,
  Track,
} from 'livekit-client';
import { hasDevices } from '../browser/secureContext';
import { type Source, SOURCES } from './capabilities';
import { SYNTHETIC } from './person';
import {
  createSyntheticCamera,
  createSyntheticMicrophone,
  type SyntheticTrack,
} from './syntheticMedia';

/** Browsers give devices to pages over https only. */
export class InsecurePageError extends Error {}

export type MediaChoice = 'device' | 'synthetic';

const TRACK_SOURCES: Record<Source, Track.Source> = {
  microphone: Track.Source.Microphone,
  camera: Track.Source.Camera,
  screen_share: Track.Source.ScreenShare,
};
/**
 * LiveKit can lose a track that is published within about 300 ms of a demotion: it then is on
 * here and nowhere else. So a track is not published sooner than this after a right was lost.
 */
const SETTLE_MS = 400;
/** What one sends oneself: from a device or from a synthetic source. */
export class OwnMedia {
  private readonly synthetic = new Map<Source, SyntheticTrack>();
  private readonly endedHere = new Set<Source>();
  private rightLostAt = -Infinity;

  constructor(
    private readonly room: Room,
    private readonly identity: string,
  ) {}

  noteRightLost(): void {
    this.rightLostAt = performance.now();
  }

  /** Whether the page itself is ending it just now. */
  isEndedHere(source: Source): boolean {
    return this.endedHere.has(source);
  }

  isSending(source: Source): boolean {
    const publication = this.room.localParticipant.getTrackPublication(TRACK_SOURCES[source]);
    return publication?.track !== undefined && !publication.isMuted;
  }

  /** Whether what is sent is made by the page, not by a device. */
  isSynthetic(source: Source): boolean {
    return this.isSending(source) && this.synthetic.has(source);
  }

  async turnOn(source: Source, choice: MediaChoice): Promise<void> {
    const settled = SETTLE_MS - (performance.now() - this.rightLostAt);
    if (settled > 0) await new Promise((resolve) => setTimeout(resolve, settled));
    const self = this.room.localParticipant;
    const isDevice = choice === 'device' || source === 'screen_share';
    if (isDevice && !hasDevices()) throw new InsecurePageError();
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
      ...(isSynthetic ? { name: `${SYNTHETIC}${source}` } : {}),
    });
  }

  async turnOff(source: Source): Promise<void> {
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
    const label = this.room.localParticipant.name || this.identity;
    const made =
      source === 'camera' ? createSyntheticCamera(label) : createSyntheticMicrophone(label);
    this.synthetic.set(source, made);
    return made.track;
  }

  stopSynthetic(source?: Source): void {
    for (const each of source ? [source] : SOURCES) {
      this.synthetic.get(each)?.stop();
      this.synthetic.delete(each);
    }
  }
}

function openDevice(source: 'camera' | 'microphone'): Promise<LocalTrack> {
  return source === 'camera'
    ? createLocalVideoTrack({ resolution: { width: 640, height: 360, frameRate: 24 } })
    : createLocalAudioTrack();
}

export function sourceOf(source: Track.Source): Source | null {
  return SOURCES.find((each) => TRACK_SOURCES[each] === source) ?? null;
}
