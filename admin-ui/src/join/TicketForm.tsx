import { useEffect, useId, useRef, useState, type FormEvent } from 'react';
import { ApiProblem, findIssuer, issueTicket, type Issuer } from './api';
import { ticketFromText, type JoinTicket } from './joinTicket';
import { NeedsHttps } from './NeedsHttps';
import { Mark } from './Mark';
import { text } from './text';

interface TicketFormProps {
  room: string | null;
  onTicket(ticket: JoinTicket): void;
}

/** LiveKit's address as the server wrote it into the page; else our own address. */
function liveKitAddress(): string {
  const told = document.querySelector<HTMLMetaElement>('meta[name="livekit-url"]')?.content;
  return told?.startsWith('ws') || told?.startsWith('http')
    ? told
    : window.location.origin.replace(/^http/, 'ws');
}

export function TicketForm({ room, onTicket }: TicketFormProps) {
  const [issuer, setIssuer] = useState<Issuer | null>(null);

  useEffect(() => {
    let isHere = true;
    void findIssuer().then((found) => isHere && setIssuer(found));
    return () => {
      isHere = false;
    };
  }, []);

  return (
    <main className="entrance">
      <header className="brand">
        <Mark />
        <span>{text.product}</span>
      </header>
      <h1>
        <bdi translate={room === null ? undefined : 'no'}>{room ?? text.joinTitle}</bdi>
      </h1>
      <NeedsHttps />
      {issuer?.canIssue && <MakeToken room={room} onTicket={onTicket} />}
      <PasteToken
        room={room}
        address={issuer?.serverUrl ?? liveKitAddress()}
        isMain={!issuer?.canIssue}
        onTicket={onTicket}
      />
    </main>
  );
}

function MakeToken({ room, onTicket }: TicketFormProps) {
  const [problem, setProblem] = useState<ApiProblem | Error | null>(null);
  const [isMaking, setIsMaking] = useState(false);

  const make = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    setProblem(null);
    setIsMaking(true);
    try {
      onTicket(
        await issueTicket({
          room: room ?? String(form.get('room')),
          identity: String(form.get('identity')),
        }),
      );
    } catch (error) {
      setProblem(error instanceof Error ? error : new Error(String(error)));
      setIsMaking(false);
    }
  };

  return (
    <form className="panel" onSubmit={(event) => void make(event)}>
      <h2>{text.makeTitle}</h2>
      <p className="quiet">{text.makeHint}</p>
      {room === null && <Field name="room" label={text.roomField} />}
      <Field name="identity" label={text.identity} hint={text.identityHint} isMono />
      {problem && <Problem problem={problem} />}
      <button className="primary" disabled={isMaking}>
        {isMaking ? text.makingToken : text.makeToken}
      </button>
    </form>
  );
}

function Problem({ problem }: { problem: Error }) {
  const because = problem instanceof ApiProblem ? problem.because : [];
  const errors = problem instanceof ApiProblem ? Object.values(problem.errors) : [];
  return (
    <div className="problem" role="alert">
      <p>{problem.message}</p>
      {[...errors, ...because].length > 0 && (
        <ul>
          {[...errors, ...because].map((line) => (
            <li key={line}>{line}</li>
          ))}
        </ul>
      )}
    </div>
  );
}

function PasteToken(props: TicketFormProps & { address: string; isMain: boolean }) {
  const [problem, setProblem] = useState<string | null>(null);
  const [elsewhere, setElsewhere] = useState<JoinTicket | null>(null);

  const paste = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const read = ticketFromText(String(form.get('token')), String(form.get('serverUrl')));
    setElsewhere(null);
    if ('problem' in read) {
      setProblem(text.pasteProblems[read.problem]);
    } else if (props.room !== null && read.ticket.room !== props.room) {
      setProblem(text.otherRoom(read.ticket.room));
      setElsewhere(read.ticket);
    } else {
      setProblem(null);
      props.onTicket(read.ticket);
    }
  };

  return (
    <form className="panel" onSubmit={paste} noValidate>
      <h2>{text.pasteTitle}</h2>
      <p className="quiet">{text.pasteHint}</p>
      <Field name="token" label={text.token} rows={4} isMono problem={problem} />
      {/* Keyed: what is known about the address comes after the first drawing. */}
      <Field
        key={props.address}
        name="serverUrl"
        label={text.serverUrl}
        value={props.address}
        isMono
      />
      <div className="row">
        <button className={props.isMain ? 'primary' : undefined}>{text.pasteToken}</button>
        {elsewhere && (
          <button type="button" onClick={() => props.onTicket(elsewhere)}>
            {text.goToRoom(elsewhere.room)}
          </button>
        )}
      </div>
    </form>
  );
}

interface FieldProps {
  name: string;
  label: string;
  hint?: string;
  value?: string;
  rows?: number;
  isMono?: boolean;
  problem?: string | null;
}

function Field({ name, label, hint, value, rows, isMono, problem }: FieldProps) {
  const id = useId();
  const field = useRef<HTMLTextAreaElement & HTMLInputElement>(null);

  useEffect(() => {
    if (problem) field.current?.focus();
  }, [problem]);

  const shared = {
    id,
    name,
    ref: field,
    defaultValue: value,
    className: isMono ? 'mono' : undefined,
    autoComplete: 'off',
    spellCheck: false,
    required: true,
    'aria-invalid': problem ? true : undefined,
    'aria-describedby': hint || problem ? `${id}-note` : undefined,
  };
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {rows ? <textarea {...shared} rows={rows} /> : <input {...shared} />}
      {problem ? (
        <p className="problem" id={`${id}-note`} role="alert">
          {problem}
        </p>
      ) : (
        hint && (
          <p className="quiet" id={`${id}-note`}>
            {hint}
          </p>
        )
      )}
    </div>
  );
}
