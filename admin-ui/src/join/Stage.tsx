import type { Track } from 'livekit-client';
import { useAttached } from '../shared/useAttached';
import type { JoinSession, JoinState } from './JoinSession';
import type { Person } from './person';
import { Sign } from './Sign';
import { hueOf } from './syntheticMedia';
import { text } from './text';

const MANY = 4;

/** Screens first, then people who show or say something, then everybody else. */
export function Stage({ state }: { session: JoinSession; state: JoinState }) {
  const weight = (person: Person) =>
    (person.camera ? 4 : 0) + (person.isMicrophoneOn ? 2 : 0) + (person.isSelf ? 1 : 0);
  const people = state.people.toSorted((a, b) => weight(b) - weight(a));
  const screens = people.filter((person) => person.screen);
  return (
    <section aria-label={text.people(people.length)}>
      <p className="quiet count">{text.people(people.length)}</p>
      <ul className={people.length > MANY ? 'tiles many' : 'tiles'}>
        {screens.map((person) => (
          <li key={`${person.identity} screen`} className="tile wide">
            <Picture track={person.screen!} label={text.screenOf(person.name)} isContained />
            <p className="caption">{text.screenOf(person.name)}</p>
          </li>
        ))}
        {people.map((person) => (
          <Tile key={person.identity} person={person} />
        ))}
      </ul>
      {people.length === 1 && <p className="quiet">{text.aloneTitle}</p>}
    </section>
  );
}

function Tile({ person }: { person: Person }) {
  const mic = person.isMicrophoneOn;
  return (
    <li className={person.isSpeaking ? 'tile speaking' : 'tile'} data-identity={person.identity}>
      {person.camera ? (
        <Picture
          track={person.camera}
          label={text.cameraOf(person.name)}
          isMirrored={person.isSelf}
        />
      ) : (
        <span className="initial" aria-hidden="true" ref={tint(person.identity)}>
          {[...person.name][0]?.toUpperCase()}
        </span>
      )}
      <p className="caption">
        <Sign name={mic ? 'microphone' : 'microphone-off'} />
        <span className="visually-hidden">{mic ? text.microphoneOn : text.microphoneOff}</span>
        <bdi translate="no">{person.name}</bdi>
        {person.isSynthetic && <span className="quiet">{`(${text.synthetic})`}</span>}
        {person.isSelf && <span className="quiet">{`(${text.you})`}</span>}
        {person.isSpeaking && <span className="visually-hidden">{text.speaking}</span>}
      </p>
      {person.audio.map((track) => (
        <Sound key={track.sid} track={track} />
      ))}
    </li>
  );
}

/** Through the element, because the content policy allows no style attributes in the markup. */
const tint = (identity: string) => (element: HTMLElement | null) => {
  element?.style.setProperty('--hue', String(hueOf(identity)));
};

interface PictureProps {
  track: Track;
  label: string;
  isContained?: boolean;
  isMirrored?: boolean;
}

function Picture({ track, label, isContained, isMirrored }: PictureProps) {
  const video = useAttached<HTMLVideoElement>(track);
  const isSynthetic = isMirrored && 'isUserProvided' in track && track.isUserProvided;
  const classes = [isContained && 'contained', isMirrored && !isSynthetic && 'mirrored'];
  return (
    <video
      ref={video}
      className={classes.filter(Boolean).join(' ')}
      aria-label={label}
      autoPlay
      playsInline
      muted
    />
  );
}

function Sound({ track }: { track: Track }) {
  return <audio ref={useAttached<HTMLAudioElement>(track)} autoPlay />;
}
