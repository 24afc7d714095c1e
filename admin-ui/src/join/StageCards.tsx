import { useEffect, useState, type FormEvent } from 'react';
import type { JoinSession, JoinState } from './JoinSession';
import type { MediaChoice } from './OwnMedia';
import type { StageClient, StageState } from './StageClient';
import type { OwnStage } from '@rolecall/server/api';
import { text } from './text';
import { useFocusHome } from './useFocusHome';
import { clockOf, useNow } from './useNow';

interface StageCardsProps {
  session: JoinSession;
  stage: StageState;
  choice: MediaChoice;
  sending: JoinState['sending'];
}

/** What the moderators want to know, and what came of what one asked them. */
export function StageCards({ session, stage, choice, sending }: StageCardsProps) {
  const { own } = stage;
  const client = session.stage;
  const lines = own ? newsOf(own, stage) : [];
  return (
    <section className="cards" aria-label={text.stage} tabIndex={-1} ref={useFocusHome()}>
      {/* The words alone: the cards hold clocks, which nobody wants to hear every second. */}
      <p className="visually-hidden" role="status">
        {lines.join(' ')}
      </p>
      {own?.invite && <Invitation client={client} stage={stage} invite={own.invite} />}
      {own?.asks.map((ask) => (
        <UnmuteRequest
          key={ask.source}
          session={session}
          stage={stage}
          ask={ask}
          choice={choice}
          isOn={sending[ask.source]}
        />
      ))}
      {own?.hand && <RaisedHand client={client} stage={stage} own={own} hand={own.hand} />}
      {own && <DecisionNotice client={client} stage={stage} own={own} />}
      {own && <HoldNotice own={own} />}
      {stage.isExpired && <p className="notice lost">{text.stageExpired}</p>}
      {stage.problem && !stage.isExpired && (
        <div className="notice lost" role="alert">
          <p>{stage.problem === 'unreachable' ? text.stageUnreachable : stage.problem}</p>
          <div className="row">
            <button onClick={() => client.dismissProblem()}>{text.dismiss}</button>
          </div>
        </div>
      )}
    </section>
  );
}

/** Said aloud when it changes. */
function newsOf(own: OwnStage, { seenDecision }: StageState): string[] {
  const { hand, invite, asks, lastDecision, hold, scene } = own;
  return [
    invite && text.invited(invite.template, invite),
    ...asks.map((ask) => text.asked(ask.source, ask)),
    hand && text.handUp(hand.position),
    lastDecision?.state === 'declined' && lastDecision.at !== seenDecision
      ? [text.declined, lastDecision.word && text.declinedWord(lastDecision.word)]
          .filter(Boolean)
          .join('. ')
      : null,
    hold && text.held(hold.sources.map(spoken)),
    scene && text.sceneHolds(scene),
  ].filter((line): line is string => Boolean(line));
}

function Invitation({
  client,
  stage,
  invite,
}: {
  client: StageClient;
  stage: StageState;
  invite: NonNullable<OwnStage['invite']>;
}) {
  const now = useNow(stage.ahead);
  const rest = Date.parse(invite.expiresAt) - now;
  if (rest <= 0) return null;
  return (
    <div className="notice gained">
      <p className="big">
        <bdi>{text.invited(invite.template, invite)}</bdi>
      </p>
      <div className="row">
        <button
          className="primary"
          aria-disabled={stage.busy !== null}
          onClick={() => void client.act('accept')}
        >
          {text.accept}
        </button>
        <button aria-disabled={stage.busy !== null} onClick={() => void client.act('decline')}>
          {text.notNow}
        </button>
        <span className="quiet clock" role="timer" aria-live="off">
          {text.left(clockOf(rest))}
        </span>
      </div>
    </div>
  );
}

interface UnmuteRequestProps extends Omit<StageCardsProps, 'sending'> {
  ask: OwnStage['asks'][number];
  isOn: boolean;
}

function UnmuteRequest({ session, stage, ask, choice, isOn }: UnmuteRequestProps) {
  const now = useNow(stage.ahead);
  // However it was turned on. A failure has its own notice, and can be tried again.
  useEffect(() => {
    if (isOn) void session.stage.answerUnmute(ask, true);
  }, [session, ask, isOn]);
  const rest = Date.parse(ask.expiresAt) - now;
  if (rest <= 0) return null;
  return (
    <div className="notice gained">
      <p className="big">
        <bdi>{text.asked(ask.source, ask)}</bdi>
      </p>
      {ask.reason && (
        <p>
          <bdi>{text.declinedWord(ask.reason)}</bdi>
        </p>
      )}
      <div className="row">
        <button
          className="primary"
          aria-disabled={stage.busy !== null}
          onClick={() => void session.send(ask.source, true, choice)}
        >
          {text.unmute(ask.source)}
        </button>
        <button
          aria-disabled={stage.busy !== null}
          onClick={() => void session.stage.answerUnmute(ask, false)}
        >
          {text.stayMuted(ask.source)}
        </button>
        <span className="quiet clock" role="timer" aria-live="off">
          {text.left(clockOf(rest))}
        </span>
      </div>
    </div>
  );
}

function RaisedHand({
  client,
  stage,
  own,
  hand,
}: {
  client: StageClient;
  stage: StageState;
  own: OwnStage;
  hand: NonNullable<OwnStage['hand']>;
}) {
  const now = useNow(stage.ahead);
  const limit = own.limits.find(({ template }) => template === own.promotesTo);
  return (
    <div className="notice">
      <p className="big">{text.handUp(hand.position)}</p>
      <p className="quiet">
        <span role="timer" aria-live="off">
          {text.handFor(clockOf(now - Date.parse(hand.since)))}
        </span>
      </p>
      {limit && limit.free === 0 && (
        <p>{text.placesTaken(limit.taken, limit.slots, limit.template)}</p>
      )}
      {hand.note ? (
        <p>
          <bdi>{text.noteAdded(hand.note)}</bdi>
        </p>
      ) : (
        <NoteForm client={client} isBusy={stage.busy !== null} />
      )}
    </div>
  );
}

const LONGEST_NOTE = 120;

function NoteForm({ client, isBusy }: { client: StageClient; isBusy: boolean }) {
  const [note, setNote] = useState('');
  const add = (event: FormEvent) => {
    event.preventDefault();
    if (note.trim()) void client.act('raise', { note: note.trim() });
  };
  return (
    <form className="row note" onSubmit={add}>
      <input
        aria-label={text.note}
        placeholder={text.note}
        value={note}
        maxLength={LONGEST_NOTE}
        autoComplete="off"
        onChange={(event) => setNote(event.target.value)}
      />
      <button aria-disabled={isBusy}>{text.addNote}</button>
    </form>
  );
}

function DecisionNotice({
  client,
  stage,
  own: { lastDecision },
}: {
  client: StageClient;
  stage: StageState;
  own: OwnStage;
}) {
  // An approval shows by what one may do then.
  if (!lastDecision || lastDecision.state === 'approved') return null;
  if (lastDecision.at === stage.seenDecision) return null;
  const isDeclined = lastDecision.state === 'declined';
  return (
    <div className="notice">
      <p className="big">{isDeclined ? text.declined : text.handAway}</p>
      {lastDecision.word && (
        <p>
          <bdi>{text.declinedWord(lastDecision.word)}</bdi>
        </p>
      )}
      <div className="row">
        <button onClick={() => client.dismissDecision()}>{text.dismiss}</button>
      </div>
    </div>
  );
}

function HoldNotice({ own: { hold, scene } }: { own: OwnStage }) {
  if (!hold) return scene ? <p className="notice">{text.sceneHolds(scene)}</p> : null;
  const time = hold.until && new Date(hold.until).toLocaleTimeString([], { timeStyle: 'short' });
  return (
    <div className="notice lost">
      <p className="big">{text.held(hold.sources.map(spoken))}</p>
      <p>{time ? text.heldUntil(time) : text.heldDetail}</p>
      {hold.reason && (
        <p>
          <bdi>{text.declinedWord(hold.reason)}</bdi>
        </p>
      )}
    </div>
  );
}

function spoken(source: string): string {
  return source.replaceAll('_', ' ');
}
