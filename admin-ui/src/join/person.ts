import { type Participant, type RemoteTrack, Track } from 'livekit-client';
import { nameOf } from '../shared/nameOf';

/** How the name of a synthetic track begins. */
export const SYNTHETIC = 'synthetic ';

/** A participant as the page shows them. */
export interface Person {
  identity: string;
  name: string;
  isSelf: boolean;
  isSpeaking: boolean;
  isMicrophoneOn: boolean;
  /** What they send is made by the page: a clock and a beep, by its name in LiveKit. */
  isSynthetic: boolean;
  camera: Track | null;
  screen: Track | null;
  /** Sound to play: never one's own. */
  audio: RemoteTrack[];
}

export function personOf(person: Participant, isSelf: boolean): Person {
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
    name: nameOf(person),
    isSelf,
    isSpeaking: person.isSpeaking,
    isMicrophoneOn: microphone !== undefined && !microphone.isMuted,
    isSynthetic: [...person.trackPublications.values()].some(
      ({ trackName, isMuted }) => !isMuted && trackName.startsWith(SYNTHETIC),
    ),
    camera: shown(Track.Source.Camera),
    screen: shown(Track.Source.ScreenShare),
    audio: heard,
  };
}
