import { useEffect, useState } from 'react';
import { local } from '../browser/storage';
import type { JoinSession } from './JoinSession';
import type { StageState } from './StageClient';
import { Sign } from './Sign';
import { text } from './text';

const KEY_CHOICE = 'rolecall.join.handKey';

interface HandControlsProps {
  session: JoinSession;
  stage: StageState;
  hasKey: boolean;
}

/** The hand, and the way down; not there where neither would do anything. */
export function HandControls({ session, stage, hasKey }: HandControlsProps) {
  const { own, busy } = stage;
  const isUp = own?.hand != null;
  const isShown = own !== null && (isUp || own.canRaise);
  const toggle = () => void session.stage.act(isUp ? 'lower' : 'raise');
  useHandKey(isShown && hasKey, toggle);
  return (
    <>
      {isShown && (
        <button
          className={isUp ? 'control on' : 'control'}
          aria-pressed={isUp}
          aria-keyshortcuts={hasKey ? 'H' : undefined}
          aria-disabled={busy !== null}
          onClick={toggle}
        >
          <Sign name="hand" />
          <span>{isUp ? text.lowerHand : text.raiseHand}</span>
        </button>
      )}
      {own?.canStepDown && (
        <button
          className="control"
          aria-disabled={busy !== null}
          onClick={() => void session.stepDown()}
        >
          <Sign name="down" />
          <span>{text.stepDown}</span>
        </button>
      )}
    </>
  );
}

/** A single key can be pressed by mistake, and by voice: it may be turned off. */
export function HandKeyChoice({
  hasKey,
  onChange,
}: {
  hasKey: boolean;
  onChange(on: boolean): void;
}) {
  return (
    <label className="choice">
      <input
        type="checkbox"
        checked={hasKey}
        onChange={(event) => onChange(event.target.checked)}
      />
      <span>{text.handKey}</span>
    </label>
  );
}

export function useHandKeyChoice(): [boolean, (on: boolean) => void] {
  const [hasKey, setHasKey] = useState(() => local.getItem(KEY_CHOICE) !== 'off');
  return [
    hasKey,
    (on) => {
      local.setItem(KEY_CHOICE, on ? 'on' : 'off');
      setHasKey(on);
    },
  ];
}

function useHandKey(isOn: boolean, toggle: () => void): void {
  useEffect(() => {
    if (!isOn) return;
    const press = (event: KeyboardEvent) => {
      const isPlain = !event.ctrlKey && !event.metaKey && !event.altKey && !event.repeat;
      if (!isPlain || event.key.toLowerCase() !== 'h' || isTyping(event.target)) return;
      event.preventDefault();
      toggle();
    };
    document.addEventListener('keydown', press);
    return () => document.removeEventListener('keydown', press);
  });
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
  );
}
