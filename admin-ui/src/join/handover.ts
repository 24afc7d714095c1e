import { joinPath, type JoinTicket } from './joinTicket';

/*
 * How the dashboard hands a token to the join page: by one message between two windows of this
 * origin. It is never part of an address, so it is in no history, no log and no referrer.
 */
const READY = 'rolecall.join.ready';
const TICKET = 'rolecall.join.ticket';
const OFFER_LASTS_MS = 60_000;
const ANSWER_WITHIN_MS = 2_000;

/** Opens the join page and gives it the ticket once. Returns false when the browser blocked it. */
export function openJoinPage(ticket: JoinTicket): boolean {
  const page = window.open(joinPath(ticket.room), '_blank');
  if (!page) return false;
  const answer = (event: MessageEvent) => {
    if (event.source !== page || event.origin !== window.location.origin) return;
    if ((event.data as { type?: string } | null)?.type !== READY) return;
    stop();
    page.postMessage({ type: TICKET, ticket }, window.location.origin);
  };
  const timer = window.setTimeout(stop, OFFER_LASTS_MS);
  function stop() {
    window.clearTimeout(timer);
    window.removeEventListener('message', answer);
  }
  window.addEventListener('message', answer);
  return true;
}

/** Asks the window that opened this one for a ticket; null when there is none to have. */
export function receiveTicket(signal?: AbortSignal): Promise<JoinTicket | null> {
  const opener = window.opener as Window | null;
  if (!opener) return Promise.resolve(null);
  return new Promise((resolve) => {
    const finish = (ticket: JoinTicket | null) => {
      window.clearTimeout(timer);
      window.removeEventListener('message', take);
      // From here on neither window needs to reach into the other.
      if (!signal?.aborted) window.opener = null;
      resolve(ticket);
    };
    const take = (event: MessageEvent) => {
      if (event.source !== opener || event.origin !== window.location.origin) return;
      const message = event.data as { type?: string; ticket?: JoinTicket } | null;
      if (message?.type === TICKET && message.ticket) finish(message.ticket);
    };
    const timer = window.setTimeout(() => finish(null), ANSWER_WITHIN_MS);
    signal?.addEventListener('abort', () => finish(null), { once: true });
    window.addEventListener('message', take);
    opener.postMessage({ type: READY }, window.location.origin);
  });
}
