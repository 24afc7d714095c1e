import type { ReactNode } from 'react';
import { SOURCES, type Source } from './capabilities';
import type { JoinSession, JoinState } from './JoinSession';
import type { MediaChoice } from './OwnMedia';
import { Sign, type SignName } from './Sign';
import { text } from './text';

interface ControlsProps {
  session: JoinSession;
  state: JoinState;
  choice: MediaChoice;
  children?: ReactNode;
}

const SIGNS: Record<Source, [on: SignName, off: SignName]> = {
  microphone: ['microphone', 'microphone-off'],
  camera: ['camera', 'camera-off'],
  screen_share: ['screen', 'screen'],
};

export function Controls({ session, state, choice, children }: ControlsProps) {
  return (
    <section className="controls" aria-label={text.controls}>
      {SOURCES.map((source) => {
        const isOn = state.sending[source];
        const may = state.may?.[source] ?? false;
        return (
          <button
            key={source}
            className={isOn ? 'control on' : 'control'}
            aria-pressed={isOn}
            // Still reachable by keyboard, so that one can learn why it does nothing.
            aria-disabled={!may || state.switching.includes(source)}
            title={may ? undefined : text.mayNot(source)}
            aria-description={may ? undefined : text.mayNot(source)}
            onClick={() => may && void session.send(source, !isOn, choice)}
          >
            <Sign name={SIGNS[source][isOn ? 0 : 1]} />
            <span>{text.control(source, isOn, state.synthetic.includes(source))}</span>
          </button>
        );
      })}
      {children}
      <button className="control leave" onClick={() => void session.leave()}>
        <Sign name="leave" />
        <span>{text.leave}</span>
      </button>
    </section>
  );
}

interface MediaChooserProps {
  choice: MediaChoice;
  onChoice(choice: MediaChoice): void;
}

export function MediaChooser({ choice, onChoice }: MediaChooserProps) {
  return (
    <label className="choice">
      <span>{text.mediaChoice}</span>
      <select value={choice} onChange={(event) => onChoice(event.target.value as MediaChoice)}>
        <option value="device">{text.mediaChoices.device}</option>
        <option value="synthetic">{text.mediaChoices.synthetic}</option>
      </select>
    </label>
  );
}
