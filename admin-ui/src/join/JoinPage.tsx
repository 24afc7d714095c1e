import { lazy, Suspense, useCallback, useEffect, useState } from 'react';
import { receiveTicket } from './handover';
import {
  dropTicket,
  joinPath,
  keepTicket,
  keptTicket,
  roomFromPath,
  type JoinTicket,
} from './joinTicket';
import { text } from './text';
import { TicketForm } from './TicketForm';

// The form is there at once; LiveKit's client, the larger part, comes while it is filled in.
const RoomView = lazy(async () => ({ default: (await import('./RoomView')).RoomView }));

type Step = { at: 'looking' } | { at: 'form' } | { at: 'room'; ticket: JoinTicket };

/** `/join/:room`: finds a token (kept, handed over, or asked for), then enters the room. */
export function JoinPage() {
  const room = roomFromPath(window.location.pathname);
  const [step, setStep] = useState<Step>(() => firstStep(room));

  useEffect(() => {
    void import('./RoomView');
  }, []);

  useEffect(() => {
    document.title = text.documentTitle(room ?? text.joinTitle);
  }, [room]);

  const enter = useCallback((ticket: JoinTicket) => {
    keepTicket(ticket);
    if (roomFromPath(window.location.pathname) !== ticket.room) {
      window.history.replaceState(null, '', joinPath(ticket.room));
    }
    setStep({ at: 'room', ticket });
  }, []);

  useEffect(() => {
    if (step.at !== 'looking') return;
    const giveUp = new AbortController();
    void receiveTicket(giveUp.signal).then((ticket) => {
      if (giveUp.signal.aborted) return;
      if (ticket) enter(ticket);
      else setStep({ at: 'form' });
    });
    return () => giveUp.abort();
  }, [step.at, enter]);

  const forget = useCallback(() => {
    if (room) dropTicket(room);
    setStep({ at: 'form' });
  }, [room]);

  switch (step.at) {
    case 'looking':
      return (
        <main className="entrance">
          <h1>{room ?? text.joinTitle}</h1>
          <p role="status">{text.waitingForHandover}</p>
        </main>
      );
    case 'form':
      return <TicketForm room={room} onTicket={enter} />;
    case 'room':
      return (
        <Suspense>
          <RoomView ticket={step.ticket} onForget={forget} />
        </Suspense>
      );
  }
}

function firstStep(room: string | null): Step {
  const kept = room ? keptTicket(room) : null;
  if (kept) return { at: 'room', ticket: kept };
  return window.opener ? { at: 'looking' } : { at: 'form' };
}
