import { type KeyboardEvent, type ReactNode, useId, useRef, useState } from 'react';
import { useTranslate } from 'react-admin';
import IconButton from '@mui/material/IconButton';
import Close from '@mui/icons-material/Close';
import Search from '@mui/icons-material/Search';
import { takeToken } from '../../shared/pastedToken';
import { Bar } from './barStyles';
import { type Completion, completionsFor, draftOf } from './completions';
import { CompletionList } from './CompletionList';
import { type LogQuery, parseQuery, printQuery } from './language';
import { joined } from './logSearch';
import { useDebounced } from '../../shared/useDebounced';
import { useKnownValues } from './useKnownValues';

export interface QueryBarProps {
  query: LogQuery;
  zone: string;
  onChange: (query: LogQuery) => void;
  /** How many were found. */
  count?: ReactNode;
}

const PAUSE_MS = 150;

/** The search as chips and a field that completes what is written. */
export function QueryBar({ query, zone, onChange, count }: QueryBarProps) {
  const translate = useTranslate();
  const listId = useId();
  const input = useRef<HTMLInputElement>(null);
  const [draft, setDraft] = useState('');
  const [isOpen, setIsOpen] = useState(false);
  const [isHelp, setIsHelp] = useState(false);
  const [active, setActive] = useState(-1);
  const [isRefused, setIsRefused] = useState(false);
  const text = printQuery(query);
  const { terms } = parseQuery(text);
  const word = useDebounced(draftOf(draft).word, PAUSE_MS);
  const known = useKnownValues({ query: text, zone, word, isEnabled: isOpen });
  const completions = isOpen ? completionsFor(draft, known, translate) : [];
  const [error] = isRefused ? parseQuery(draft).errors : [];

  const write = (next: string) => {
    if (takeToken(next)) {
      setDraft('');
      setIsOpen(false);
      return;
    }
    setDraft(next);
    setActive(-1);
    setIsRefused(false);
    setIsHelp(false);
    setIsOpen(true);
  };
  /** False: something in it is wrong, and is told. */
  const search = (written: string): boolean => {
    const parsed = parseQuery(written);
    if (parsed.errors.length > 0) {
      setDraft(written);
      setIsRefused(true);
      setIsOpen(true);
      return false;
    }
    onChange(joined(query, parsed.query));
    write('');
    return true;
  };
  const take = (completion: Completion) => {
    if (completion.isWhole) search(completion.text);
    else write(completion.text);
    input.current?.focus();
  };
  /** Without one of its chips; the terms that are left mean the same as before. */
  const without = (index: number) =>
    parseQuery(
      terms
        .filter((_, at) => at !== index)
        .map(({ start, end }) => text.slice(start, end))
        .join(' '),
    ).query;
  const edit = (index: number) => {
    const term = terms[index];
    if (!term) return;
    onChange(without(index));
    write(text.slice(term.start, term.end));
    input.current?.focus();
  };

  const onKeyDown = (event: KeyboardEvent<HTMLInputElement>) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.nativeEvent.isComposing) return;
    const chosen = completions[active];
    const first = draft.trim() === '' ? undefined : completions[0];
    switch (event.key) {
      case 'ArrowDown':
      case 'ArrowUp': {
        setIsOpen(true);
        const step = event.key === 'ArrowDown' ? 1 : -1;
        const size = completions.length + 1;
        setActive(((active + 1 + step + size) % size) - 1);
        break;
      }
      case 'Tab': {
        const taken = chosen ?? first;
        if (event.shiftKey || !taken) return;
        take(taken);
        break;
      }
      case 'Enter':
        if (chosen) take(chosen);
        else if (draft.trim() !== '') search(draft);
        break;
      case ' ':
        if (!isWholeTerm(draft)) return;
        search(draft);
        break;
      case 'Backspace':
        if (draft !== '' || terms.length === 0) return;
        edit(terms.length - 1);
        break;
      case '?':
        if (draft !== '') return;
        setIsOpen(true);
        setIsHelp(!isHelp);
        break;
      case 'Escape':
        if (!isOpen && draft === '') input.current?.blur();
        else if (isOpen) setIsOpen(false);
        else write('');
        event.stopPropagation();
        break;
      default:
        return;
    }
    event.preventDefault();
  };

  const isShown = isOpen && (completions.length > 0 || error !== undefined);
  return (
    <Bar
      role="search"
      aria-label={translate('ledger.query.label')}
      className={isShown ? 'is-open' : ''}
    >
      <div className="line" onClick={() => input.current?.focus()}>
        <Search aria-hidden />
        {terms.length > 0 && (
          <ul aria-label={translate('ledger.query.chips')}>
            {terms.map((term, index) => {
              const said = text.slice(term.start, term.end);
              const head = said.slice(0, (term.values[0]?.start ?? term.start) - term.start);
              return (
                <li key={said}>
                  <button
                    type="button"
                    className="term"
                    title={translate('ledger.query.edit')}
                    onClick={() => edit(index)}
                  >
                    <bdi translate="no">
                      <i>{head}</i>
                      <span>{said.slice(head.length)}</span>
                    </bdi>
                  </button>
                  <button
                    type="button"
                    className="remove"
                    aria-label={translate('ledger.query.remove', { term: said })}
                    onClick={() => {
                      onChange(without(index));
                      input.current?.focus();
                    }}
                  >
                    <Close />
                  </button>
                </li>
              );
            })}
          </ul>
        )}
        <input
          ref={input}
          type="search"
          role="combobox"
          aria-label={translate('ledger.query.input')}
          aria-expanded={isShown}
          aria-controls={listId}
          aria-autocomplete="list"
          aria-activedescendant={completions[active] ? `${listId}-${active}` : undefined}
          aria-invalid={error !== undefined}
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          value={draft}
          placeholder={terms.length === 0 ? translate('ledger.query.placeholder') : undefined}
          onChange={(event) => write(event.target.value)}
          onFocus={() => setIsOpen(true)}
          onBlur={() => setIsOpen(false)}
          onKeyDown={onKeyDown}
        />
        {count && <span className="count">{count}</span>}
        {(terms.length > 0 || draft !== '') && (
          <IconButton
            aria-label={translate('app.action.clear_filters')}
            onClick={() => {
              write('');
              onChange(parseQuery('').query);
              input.current?.focus();
            }}
          >
            <Close sx={{ fontSize: 18 }} />
          </IconButton>
        )}
      </div>
      <CompletionList
        id={listId}
        isShown={isShown}
        completions={completions}
        active={active}
        error={error}
        isHelp={isHelp}
        onTake={take}
      />
    </Bar>
  );
}

/** A space ends a term that has its field and value; text may go on. */
function isWholeTerm(draft: string): boolean {
  const { terms, errors } = parseQuery(draft);
  const last = terms.at(-1);
  return (
    errors.length === 0 &&
    last !== undefined &&
    last.name !== null &&
    last.end === draft.length &&
    terms.every(({ name }) => name !== null)
  );
}
