import { canonicalSources, type TrackSource } from './role-grants.js';

/** A published track, as much of it as tells what it is. */
export interface Labelled {
  readonly type: string;
  readonly source?: string;
}

/** What a track is that has the source of another kind: sound that is called a camera is speech. */
const MEANT: Readonly<Record<string, Readonly<Record<string, TrackSource>>>> = {
  audio: { camera: 'microphone', screen_share: 'screen_share_audio' },
  video: { microphone: 'camera', screen_share_audio: 'screen_share' },
};

/** LiveKit (v1.13.5) believes the source that a client names. Null for a track that is what it says. */
function meantBy({ type, source = '' }: Labelled): TrackSource | null {
  return MEANT[type]?.[source] ?? null;
}

export function isMislabelled(track: Labelled): boolean {
  return meantBy(track) !== null;
}

/** Sources that somebody uses to publish what they may not: sound as a camera, without a microphone. */
export function misusedSources(
  tracks: readonly Labelled[],
  allowed: readonly TrackSource[],
): TrackSource[] {
  const misused = tracks.filter((track) => {
    const meant = meantBy(track);
    return meant !== null && !allowed.includes(meant);
  });
  return canonicalSources(misused.map(({ source = '' }) => source));
}
