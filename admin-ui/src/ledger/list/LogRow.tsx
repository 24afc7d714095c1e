import { memo, useId } from 'react';
import { useTranslate } from 'react-admin';
import { Link } from 'react-router-dom';
import type { Act } from '@rolecall/server/api';
import type { ActorKind } from '../../api/records';
import { nameOf } from '../../shared/nameOf';
import { type Part, sentenceOf, type Told } from '../words/sentence';
import type { LogWords } from '../words/useWords';
import type { useZone } from '../zone';
import { ActSentence, type PickValue } from './ActSentence';
import { Face } from './Face';
import { OutcomeSign } from './OutcomeSign';
import { Steps } from './Steps';

export interface LogRowProps {
  act: Act;
  to: string;
  isOpen: boolean;
  isExpanded: boolean;
  isTabStop: boolean;
  words: LogWords;
  format: ReturnType<typeof useZone>['format'];
  index: number;
  onFocus: (index: number) => void;
  onExpand: (id: string, index: number) => void;
  onPick: PickValue;
}

/** One act: when, who, what, and what came of it. The time is the link; it covers the row. */
export const LogRow = memo(function LogRow(props: LogRowProps) {
  const { act, to, isOpen, isExpanded, isTabStop, words, format, index } = props;
  const translate = useTranslate();
  const id = useId();
  const { entry, repeated } = act;
  const { who, said } = tell(act, words);
  const canExpand = act.steps.length > 1;
  return (
    <div className={isOpen ? 'row is-open' : 'row'}>
      <div className="when">
        <Link
          to={to}
          className="time"
          tabIndex={isTabStop ? 0 : -1}
          aria-current={isOpen ? 'true' : undefined}
          aria-labelledby={`${id}t ${id}d ${id}w ${id}a ${id}o`}
          onFocus={() => props.onFocus(index)}
        >
          <time id={`${id}t`} dateTime={act.at}>
            {format(act.at, 'clock')}
          </time>
        </Link>
        <small id={`${id}d`}>{format(act.at, 'day')}</small>
      </div>
      <div className="told">
        <span className={who.isSaid ? 'who' : 'who aside'} id={`${id}w`}>
          <Face of={who.id} name={who.name} kind={who.kind} />
          <span>
            <b
              className={who.field ? 'value' : undefined}
              onClick={who.field ? (event) => props.onPick(who.field!, who.id, event) : undefined}
            >
              <bdi translate="no">{who.name}</bdi>
            </b>
            {who.note && <small>{translate(who.note)}</small>}
          </span>
        </span>
        <span className="act" id={`${id}a`}>
          <span>
            <ActSentence
              act={act}
              parts={said}
              words={words}
              onPick={props.onPick}
              hint={translate('ledger.row.hint')}
            />
          </span>
          {(entry.reason || repeated) && (
            <small>
              {repeated && (
                <span>
                  {translate('ledger.row.folded', {
                    smart_count: repeated.count,
                    since: format(repeated.since, 'clock'),
                  })}
                </span>
              )}
              {entry.reason && <bdi>{`“${entry.reason}”`}</bdi>}
            </small>
          )}
        </span>
      </div>
      <span className="outcome" id={`${id}o`}>
        <OutcomeSign kind={act.kind} outcome={act.outcome} />
      </span>
      {canExpand && (
        <button
          type="button"
          className="expand"
          tabIndex={isTabStop ? 0 : -1}
          aria-expanded={isExpanded}
          aria-label={translate('ledger.row.steps')}
          onClick={() => props.onExpand(act.id, index)}
        >
          <svg viewBox="0 0 24 24" aria-hidden>
            <path d="M16.59 8.59 12 13.17 7.41 8.59 6 10l6 6 6-6z" />
          </svg>
        </button>
      )}
      {isExpanded && canExpand && (
        <div className="steps">
          <Steps steps={act.steps} format={format} />
        </div>
      )}
    </div>
  );
});

interface Who {
  id: string;
  name: string;
  kind: ActorKind | 'gate' | null;
  field?: 'actor' | 'identity';
  note?: string;
  /** The sentence goes on from the name. */
  isSaid: boolean;
}

const NOTES: Partial<Record<string, string>> = {
  system: 'ledger.who.system',
  api_key: 'ledger.who.api_key',
  participant: 'ledger.who.participant',
  user: 'ledger.who.user',
};

/** The person, then the rest of the sentence: a name at its start is not repeated. */
export function tell(act: Act, words: LogWords): { who: Who; said: Part[] } {
  const { translate } = words.words;
  const parts = sentenceOf(toldOf(act), { ...words.words, people: act.people });
  const [first, second, ...rest] = parts;
  const following =
    second && !second.name ? [{ text: second.text.trimStart() }, ...rest] : parts.slice(1);
  const { entry, people } = act;
  if (first?.name === 'identity' && entry.identity) {
    const who: Who = {
      id: entry.identity,
      name: first.text,
      kind: null,
      field: 'identity',
      isSaid: true,
    };
    return { who, said: following };
  }
  const { actor } = entry;
  const isGate = entry.kind.startsWith('gate.');
  const who: Who = {
    id: actor?.id ?? 'rolecall',
    name: actor?.label
      ? nameOf({ name: people.actor?.name, identity: actor.label })
      : translate('ledger.who.rolecall'),
    kind: isGate ? 'gate' : (actor?.kind ?? null),
    field: actor?.id ? 'actor' : undefined,
    note: NOTES[actor?.kind ?? ''],
    isSaid: first?.name === 'actor',
  };
  return { who, said: who.isSaid ? following : parts };
}

/** What the sentence is about: the first entry of the act, and what came of it in the end. */
export const toldOf = (act: Act): Told => ({ ...act.entry, outcome: act.outcome });
