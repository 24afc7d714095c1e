import { Fragment, type MouseEvent } from 'react';
import type { Act } from '@rolecall/server/api';
import type { LedgerEntry } from '../../api/records';
import { RoleMark } from '../words/RoleMark';
import { type Part, templateOf } from '../words/sentence';
import type { LogWords } from '../words/useWords';

export type ValueField = 'room' | 'identity' | 'actor' | 'template';
export type PickValue = (field: ValueField, value: string, event: MouseEvent) => void;

export interface ActSentenceProps {
  act: Act;
  parts: readonly Part[];
  words: LogWords;
  onPick: PickValue;
  hint: string;
}

/** A sentence in which names can be pressed, to see only what is about them. */
export function ActSentence({ act, parts, words, onPick, hint }: ActSentenceProps) {
  return parts.map(({ name, text }, at) => {
    if (!name) return <Fragment key={at}>{text}</Fragment>;
    if (name === 'template') {
      const template = templateOf(act.entry);
      if (!template) return <b key={at}>{text}</b>;
      const color = words.colorOf(template.key) ?? act.role?.color;
      return <RoleMark key={at} template={template.key} name={text} color={color} />;
    }
    const value = valueOf(act.entry, name);
    return (
      <b key={at} title={value !== null ? hint : undefined}>
        <bdi
          translate="no"
          className={value === null ? undefined : 'value'}
          onClick={value === null ? undefined : (event) => onPick(name as ValueField, value, event)}
        >
          {text}
        </bdi>
      </b>
    );
  });
}

function valueOf(entry: LedgerEntry, name: string): string | null {
  if (name === 'room') return entry.room;
  if (name === 'identity') return entry.identity;
  if (name === 'actor') return entry.actor?.id ?? null;
  return null;
}
