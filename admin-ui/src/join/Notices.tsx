import { isSource, type Source } from './capabilities';
import type { JoinSession, JoinState, Notice } from './JoinSession';
import type { MediaChoice } from './OwnMedia';
import { NeedsHttps } from './NeedsHttps';
import { text } from './text';

interface NoticesProps {
  session: JoinSession;
  state: JoinState;
  choice: MediaChoice;
  onChoice(choice: MediaChoice): void;
}

/** What changed for this person, and the one click that makes use of it. */
export function Notices({ session, state, choice, onChoice }: NoticesProps) {
  const turnOn = (sources: Source[], from: MediaChoice) => {
    for (const source of sources) void session.send(source, true, from);
  };
  return (
    <div className="notices">
      <div role="status">
        {state.notices.map((notice) => (
          <NoticeView
            key={notice.id}
            notice={notice}
            state={state}
            onTurnOn={(sources) => {
              turnOn(sources, choice);
              session.dismiss(notice.id);
            }}
            onSynthetic={(source) => {
              onChoice('synthetic');
              turnOn([source], 'synthetic');
            }}
            onDismiss={() => session.dismiss(notice.id)}
          />
        ))}
      </div>
      {state.isSoundBlocked && (
        <div className="notice">
          <p>{text.soundBlocked}</p>
          <div className="row">
            <button onClick={() => void session.turnSoundOn()}>{text.turnSoundOn}</button>
          </div>
        </div>
      )}
    </div>
  );
}

interface NoticeViewProps {
  notice: Notice;
  state: JoinState;
  onTurnOn(sources: Source[]): void;
  onSynthetic(source: Source): void;
  onDismiss(): void;
}

function NoticeView({ notice, state, onTurnOn, onSynthetic, onDismiss }: NoticeViewProps) {
  const dismiss = <button onClick={onDismiss}>{text.dismiss}</button>;
  switch (notice.kind) {
    case 'gained': {
      // A screen is not shared by a click that was meant for a camera.
      const sources = notice.capabilities
        .filter(isSource)
        .filter((source) => source !== 'screen_share' && !state.sending[source]);
      return (
        <div className="notice gained">
          <p className="big">{text.gained(notice.capabilities)}</p>
          <div className="row">
            {sources.length > 0 && (
              <button className="primary" onClick={() => onTurnOn(sources)}>
                {text.turnOnSources(sources)}
              </button>
            )}
            {sources.length > 1 && (
              <button onClick={() => onTurnOn(['microphone'])}>
                {text.turnOnOnly('microphone')}
              </button>
            )}
            {dismiss}
          </div>
        </div>
      );
    }
    case 'lost':
      return (
        <div className="notice lost">
          <p className="big">{text.lost(notice.capabilities, notice.ended)}</p>
          {notice.ended.length > 0 && <p>{text.lostDetail(notice.capabilities)}</p>}
          <div className="row">{dismiss}</div>
        </div>
      );
    case 'muted':
      return (
        <div className="notice lost">
          <p className="big">{text.muted(notice.source)}</p>
          <p>{text.mutedDetail}</p>
          <div className="row">{dismiss}</div>
        </div>
      );
    case 'media_failed':
      return (
        <div className="notice lost">
          <p className="big">{text.mediaFailed(notice.source, notice.reason)}</p>
          {notice.reason === 'needs_https' && <NeedsHttps />}
          <div className="row">
            {notice.source !== 'screen_share' && (
              <button className="primary" onClick={() => onSynthetic(notice.source)}>
                {text.useSynthetic(notice.source)}
              </button>
            )}
            {dismiss}
          </div>
        </div>
      );
  }
}
