import { useEffect, useRef, useState, useSyncExternalStore, type ReactNode } from 'react';
import { tab } from '../browser/storage';
import { askWhy } from './api';
import { CAPABILITIES, type Capabilities } from './capabilities';
import { Chat } from './Chat';
import { Controls, MediaChooser } from './Controls';
import { HandControls, HandKeyChoice, useHandKeyChoice } from './HandControls';
import type { Ending } from './endings';
import { NeedsHttps } from './NeedsHttps';
import { JoinSession, type JoinState, type Phase } from './JoinSession';
import type { MediaChoice } from './OwnMedia';
import type { JoinTicket } from './joinTicket';
import { Notices } from './Notices';
import { Receipts } from './Receipts';
import { Stage } from './Stage';
import { StageCards } from './StageCards';
import { text } from './text';
import { Sign, type SignName } from './Sign';

const PHASE_SIGNS: Record<Phase, SignName> = {
  connecting: 'pending',
  connected: 'live',
  reconnecting: 'pending',
  ended: 'no',
};

const SLOW_AFTER_MS = 4_000;

interface RoomViewProps {
  ticket: JoinTicket;
  onForget(): void;
}

export function RoomView({ ticket, onForget }: RoomViewProps) {
  const [attempt, setAttempt] = useState(0);
  const session = useSession(ticket, attempt);
  return session ? (
    <Session
      session={session}
      ticket={ticket}
      onRetry={() => setAttempt((before) => before + 1)}
      onForget={onForget}
    />
  ) : null;
}

/** One session for one attempt; leaving the page leaves the room. */
function useSession(ticket: JoinTicket, attempt: number): JoinSession | null {
  const [session, setSession] = useState<JoinSession | null>(null);
  useEffect(() => {
    const made = new JoinSession(ticket);
    // Not at once: an effect that is undone right away must not have opened a connection.
    const timer = window.setTimeout(() => {
      setSession(made);
      void made.connect();
    });
    return () => {
      window.clearTimeout(timer);
      void made.leave();
    };
  }, [ticket, attempt]);
  return session;
}

interface SessionProps extends RoomViewProps {
  session: JoinSession;
  onRetry(): void;
}

function Session({ session, ticket, onRetry, onForget }: SessionProps) {
  const state = useSyncExternalStore(session.subscribe, session.read);
  const [choice, setChoice] = useMediaChoice();
  const heading = useFocusOn(state.phase === 'ended' || state.phase === 'connected');

  return (
    <>
      <header className="bar">
        <h1 ref={heading} tabIndex={-1}>
          <bdi translate="no">{ticket.room}</bdi>
        </h1>
        <span className={`state state-${state.phase}`} role="status">
          <Sign name={PHASE_SIGNS[state.phase]} />
          <span>{text.phases[state.phase]}</span>
        </span>
        <span className="self">
          <bdi translate="no">{state.name}</bdi>
          {state.name !== state.identity && (
            <bdi translate="no" className="mono quiet">
              {state.identity}
            </bdi>
          )}
        </span>
      </header>
      {state.phase === 'ended' && state.ending ? (
        <EndingView ending={state.ending} ticket={ticket} onRetry={onRetry} onForget={onForget} />
      ) : state.phase === 'connecting' ? (
        <Connecting room={ticket.room} />
      ) : (
        <InRoom
          session={session}
          ticket={ticket}
          state={state}
          choice={choice}
          onChoice={setChoice}
        />
      )}
    </>
  );
}

interface InRoomProps {
  session: JoinSession;
  ticket: JoinTicket;
  state: JoinState;
  choice: MediaChoice;
  onChoice(choice: MediaChoice): void;
}

function InRoom({ session, ticket, state, choice, onChoice }: InRoomProps) {
  const stage = useSyncExternalStore(session.stage.subscribe, session.stage.read);
  const [hasHandKey, setHasHandKey] = useHandKeyChoice();
  return (
    <main className="room">
      <div className="stage">
        <StageCards session={session} stage={stage} choice={choice} sending={state.sending} />
        <Notices session={session} state={state} choice={choice} onChoice={onChoice} />
        <Stage session={session} state={state} />
      </div>
      <aside className="side">
        {state.may && (
          <MayList may={state.may} isHidden={state.isHidden}>
            <NeedsHttps />
            <MediaChooser choice={choice} onChoice={onChoice} />
            {stage.own && <HandKeyChoice hasKey={hasHandKey} onChange={setHasHandKey} />}
          </MayList>
        )}
        <Receipts room={ticket.room} proof={() => session.newestToken()} />
        {!tab.isKept && <p className="quiet">{text.notKept}</p>}
        <Chat session={session} state={state} />
      </aside>
      <Controls session={session} state={state} choice={choice}>
        <HandControls session={session} stage={stage} hasKey={hasHandKey} />
      </Controls>
    </main>
  );
}

interface MayListProps {
  may: Capabilities;
  isHidden: boolean;
  children: ReactNode;
}

function MayList({ may, isHidden, children }: MayListProps) {
  return (
    <section className="may" aria-labelledby="may-title">
      <h2 id="may-title">{text.mayTitle}</h2>
      <ul>
        {CAPABILITIES.map((capability) => (
          <li key={capability} className={may[capability] ? 'yes' : 'no'}>
            <Sign name={may[capability] ? 'yes' : 'no'} />
            <span className="visually-hidden">
              <span>{`${may[capability] ? text.yes : text.no}:`}</span>{' '}
            </span>
            <span>{text.may[capability]}</span>
          </li>
        ))}
      </ul>
      {isHidden && <p className="quiet">{text.hidden}</p>}
      {children}
    </section>
  );
}

function Connecting({ room }: { room: string }) {
  const [isSlow, setIsSlow] = useState(false);
  useEffect(() => {
    const timer = window.setTimeout(() => setIsSlow(true), SLOW_AFTER_MS);
    return () => window.clearTimeout(timer);
  }, []);
  return (
    <main className="entrance">
      <p className="big">{text.connecting(room)}</p>
      <p className="quiet" role="status">
        {isSlow && text.connectingSlowly}
      </p>
    </main>
  );
}

const UNEXPLAINED: readonly Ending['kind'][] = [
  'removed',
  'refused',
  'timed_out',
  'full_or_fault',
  'room_missing',
];

function EndingView(props: Omit<SessionProps, 'session'> & { ending: Ending }) {
  const { ending, ticket, onRetry, onForget } = props;
  const [title, hint] = text.endings[ending.kind];
  const why = useWhy(ending, ticket);
  return (
    <main className="entrance">
      <div className="ending" role="alert">
        <p className="big">{title}</p>
        {why && (
          <p>
            <strong>{`${text.reason}:`}</strong> <bdi>{why}</bdi>
          </p>
        )}
        {hint && !why && <p className="quiet">{hint}</p>}
      </div>
      <div className="row">
        {ending.canRetry && (
          <button className="primary" onClick={onRetry}>
            {ending.kind === 'left' ? text.joinAgain : text.retry}
          </button>
        )}
        <button onClick={onForget}>{text.otherToken}</button>
      </div>
    </main>
  );
}

function useWhy(ending: Ending, ticket: JoinTicket): string | null {
  const [asked, setAsked] = useState<string | null>(null);
  const isVague = ending.detail === null && UNEXPLAINED.includes(ending.kind);
  useEffect(() => {
    if (!isVague) return;
    let isHere = true;
    void askWhy(ticket).then((why) => isHere && setAsked(why));
    return () => {
      isHere = false;
    };
  }, [isVague, ticket]);
  return ending.detail ?? asked;
}

/** After the screen changed under a keyboard user, the focus goes to its heading. */
function useFocusOn(isNew: boolean) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (isNew && (document.activeElement ?? document.body) === document.body) {
      heading.current?.focus();
    }
  }, [isNew]);
  return heading;
}

/** This device, until a synthetic source is chosen; the choice lasts for the tab. */
function useMediaChoice(): [MediaChoice, (choice: MediaChoice) => void] {
  const [choice, setChoice] = useState<MediaChoice>(() =>
    tab.getItem(CHOICE_KEY) === 'synthetic' ? 'synthetic' : 'device',
  );
  return [
    choice,
    (chosen) => {
      tab.setItem(CHOICE_KEY, chosen);
      setChoice(chosen);
    },
  ];
}

const CHOICE_KEY = 'rolecall.join.media';
