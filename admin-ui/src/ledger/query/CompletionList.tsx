import { useTranslate } from 'react-admin';
import { Face } from '../list/Face';
import type { Completion } from './completions';
import { QUERY_FIELDS, type QueryError } from './language';

export interface CompletionListProps {
  id: string;
  isShown: boolean;
  completions: readonly Completion[];
  active: number;
  error: QueryError | undefined;
  isHelp: boolean;
  onTake: (completion: Completion) => void;
}

const KEYS = [
  ['Tab', 'key_tab'],
  ['−', 'key_minus'],
  ['?', 'key_help'],
] as const;

/** What can be meant by what is written, what is wrong with it, or all that can be asked. */
export function CompletionList(props: CompletionListProps) {
  const { id, isShown, completions, active, error, isHelp, onTake } = props;
  const translate = useTranslate();
  return (
    <div
      className="offers"
      hidden={!isShown}
      // The field keeps the focus.
      onMouseDown={(event) => event.preventDefault()}
    >
      {error && (
        <p className="error" role="alert">
          {error.word !== '' && <bdi translate="no">{shortened(error.word)}</bdi>}
          <span>{` ${translate(`ledger.query.wrong.${error.code}`, error.parts)}`}</span>
          {error.possible.length > 0 && (
            <span className="possible">
              {` ${translate('ledger.query.possible', { list: error.possible.join(', ') })}`}
            </span>
          )}
        </p>
      )}
      <ul id={id} role="listbox" aria-label={translate('ledger.query.offers')}>
        {completions.map((completion, index) => (
          <li
            key={completion.id}
            id={`${id}-${index}`}
            role="option"
            aria-selected={index === active}
            onClick={() => onTake(completion)}
          >
            <Offer completion={completion} />
          </li>
        ))}
      </ul>
      {isHelp && (
        <dl>
          {Object.entries(QUERY_FIELDS).map(([field, { example }]) => (
            <div key={field}>
              <dt translate="no">{example}</dt>
              <dd>{translate(`ledger.query.field.${field}`)}</dd>
            </div>
          ))}
        </dl>
      )}
      <p className="keys" aria-hidden>
        {KEYS.map(([key, name]) => (
          <span key={key}>
            <kbd>{key}</kbd>
            <span>{translate(`ledger.query.${name}`)}</span>
          </span>
        ))}
      </p>
    </div>
  );
}

const MOST = 60;
const shortened = (word: string) => (word.length > MOST ? `${word.slice(0, MOST)}…` : word);

function Offer({ completion }: { completion: Completion }) {
  const { field, label, note, count, person, isWhole } = completion;
  const translate = useTranslate();
  return (
    <>
      {person !== undefined && <Face of={person} name={label} isSmall />}
      <bdi translate="no" className={isWhole ? undefined : 'field'}>
        {label}
      </bdi>
      {note && <small>{isWhole ? <bdi translate="no">{note}</bdi> : note}</small>}
      {isWhole && field !== 'text' && (
        <small className="of">{translate(`ledger.query.name.${field}`)}</small>
      )}
      {count !== undefined && <b>{count.toLocaleString()}</b>}
    </>
  );
}
