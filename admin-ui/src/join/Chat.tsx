import { useEffect, useRef, useState, type FormEvent } from 'react';
import type { JoinSession, JoinState } from './JoinSession';
import { text } from './text';

const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });

export function Chat({ session, state }: { session: JoinSession; state: JoinState }) {
  const [draft, setDraft] = useState('');
  const log = useRef<HTMLDivElement>(null);
  const may = state.may?.data ?? false;

  useEffect(() => {
    log.current?.scrollTo({ top: log.current.scrollHeight });
  }, [state.messages.length]);

  const send = (event: FormEvent) => {
    event.preventDefault();
    const words = draft.trim();
    if (!words || !may) return;
    setDraft('');
    void session.say(words);
  };

  return (
    <section className="chat" aria-labelledby="chat-title">
      <h2 id="chat-title">{text.chat}</h2>
      {/* Focusable, because a log that scrolls must be reachable by keyboard. */}
      <div ref={log} className="log" role="log" aria-labelledby="chat-title" tabIndex={0}>
        <ol>
          {state.messages.length === 0 && <li className="quiet">{text.chatEmpty}</li>}
          {state.messages.map((message) => (
            <li key={message.id} className={message.isSelf ? 'own' : undefined}>
              <p className="quiet">
                <bdi translate="no">{message.from || text.somebodyHidden}</bdi>{' '}
                <time dateTime={new Date(message.at).toISOString()}>
                  {clock.format(message.at)}
                </time>
              </p>
              <p dir="auto">{message.text}</p>
            </li>
          ))}
        </ol>
      </div>
      {may ? (
        <form className="row" onSubmit={send}>
          <input
            aria-label={text.chatPlaceholder}
            placeholder={text.chatPlaceholder}
            value={draft}
            maxLength={2000}
            autoComplete="off"
            onChange={(event) => setDraft(event.target.value)}
          />
          <button>{text.chatSend}</button>
        </form>
      ) : (
        <p className="quiet">{text.chatMayNot}</p>
      )}
    </section>
  );
}
