import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { act, fireEvent, screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { useState } from 'react';
import { fakeApi } from '../../../test/fakeApi';
import { renderAdmin, signedIn } from '../../../test/renderAdmin';
import { forgetToken } from '../../shared/pastedToken';
import '../messages.en';
import '../words/messages.en';
import '../words/log/messages.en';
import { i18nProvider } from '../../i18n/i18nProvider';
import { parseQuery, printQuery, type WrongQuery } from './language';
import { QueryBar } from './QueryBar';

const FACETS = {
  total: 40,
  basis: 'exact',
  looked: 40,
  data: [
    {
      field: 'identity',
      basis: 'exact',
      hasMore: false,
      values: [{ value: 'omar-6', label: 'Omar Haddad', count: 17, isChosen: false }],
    },
  ],
};
let api: ReturnType<typeof fakeApi>;
beforeEach(() => {
  api = fakeApi(({ route }) => {
    if (route.startsWith('/ledger/facets')) return { body: FACETS };
    return { body: [], headers: { 'Content-Range': 'x */0' } };
  });
});
afterEach(() => {
  api.restore();
  forgetToken();
});

let shown = '';
function Bar({ initial = '' }: { initial?: string }) {
  const [query, setQuery] = useState(parseQuery(initial).query);
  shown = printQuery(query);
  return <QueryBar query={query} zone="UTC" onChange={setQuery} />;
}
const open = (initial = '') => {
  renderAdmin(<Bar initial={initial} />, { me: signedIn(['ledger.read', 'user.read']) });
  return screen.getByRole('combobox', { name: 'Search' });
};
/** All at once; the key, if there is one, is pressed after it. */
const write = async (input: HTMLElement, text: string, key?: string) => {
  act(() => input.focus());
  fireEvent.change(input, { target: { value: text } });
  if (key) await userEvent.keyboard(key);
};
const offers = () => within(screen.getByRole('listbox'));

describe('what is written', () => {
  it('becomes a filter with the space after it, and text with Enter', async () => {
    const input = open();
    await write(input, 'outcome:refused', ' ');
    expect(shown).toBe('outcome:refused');
    await write(input, '"free text"', '{Enter}');
    expect(shown).toBe('outcome:refused "free text"');
    expect(screen.getByRole('button', { name: 'Remove outcome:refused' })).toBeTruthy();
  });

  it('is joined with what was asked for before; a newer time takes the place of the older', async () => {
    const input = open('room:a since:7d');
    await write(input, 'room:b since:1h', '{Enter}');
    expect(shown).toBe('room:a,b since:1h');
  });

  it('is edited again with Backspace', async () => {
    const input = open('room:a outcome:refused');
    await write(input, '', '{Backspace}');
    expect((input as HTMLInputElement).value).toBe('outcome:refused');
    expect(shown).toBe('room:a');
  });

  it('is not searched for while something in it is wrong, and says what is possible', async () => {
    const input = open();
    await write(input, 'outcome:maybe', '{Enter}');
    const alert = screen.getByText(/is not a value of outcome/).closest('[role=alert]');
    expect(alert?.textContent).toMatch(/^maybe .* Possible: .*refused/);
    expect(shown).toBe('');
  });
});

it('has words for everything that can be wrong', () => {
  const codes = Object.keys({
    too_long: 1,
    open_quote: 1,
    after_quote: 1,
    no_field: 1,
    too_many_values: 1,
    needs_value: 1,
    not_text: 1,
    value_too_long: 1,
    too_many_texts: 1,
    needs_colon: 1,
    one_value: 1,
    no_duration: 1,
    not_compared: 1,
    use_instead: 1,
    twice: 1,
    no_moment: 1,
    no_such_value: 1,
    no_hash: 1,
    no_kind: 1,
  } satisfies Record<WrongQuery, 1>);
  const unsaid = codes.filter(
    (code) => !i18nProvider.translate(`ledger.query.wrong.${code}`, { _: '' }),
  );
  expect(unsaid).toEqual([]);
});

describe('completion', () => {
  it('finds a field by its beginning and its other names', async () => {
    const input = open();
    await write(input, 'rol');
    expect(offers().getByText('template:')).toBeTruthy();
    await write(input, 'roo');
    await userEvent.keyboard('{Tab}');
    expect((input as HTMLInputElement).value).toBe('room:');
  });

  it('finds a person by name, and asks by identity', async () => {
    const input = open();
    await write(input, '-identity:hadd');
    await waitFor(() => offers().getByText('Omar Haddad'));
    expect(offers().getByText('17')).toBeTruthy();
    await userEvent.keyboard('{Tab}');
    expect(shown).toBe('-identity:omar-6');
  });

  it('finds acts by what people call them', async () => {
    const input = open();
    await write(input, 'watched');
    await userEvent.click(offers().getByText('Watched unseen'));
    expect(shown).toBe('kind:seat.peeked');
  });

  it('moves with the arrows and tells which one is meant', async () => {
    const input = open();
    await write(input, 'outcome:re', '{ArrowDown}');
    const option = offers().getAllByRole('option')[0];
    expect(input.getAttribute('aria-activedescendant')).toBe(option?.id);
    expect(option?.getAttribute('aria-selected')).toBe('true');
    await userEvent.keyboard('{Enter}');
    expect(shown).toBe('outcome:refused');
  });
});

it('takes a pasted token out of the field, and sends it nowhere', async () => {
  const token = `${'eyJhbGciOiJIUzI1NiJ9'}.eyJzdWIiOiJhbmEifQ.c2lnbmF0dXJl`;
  const input = open();
  await userEvent.click(input);
  await userEvent.paste(`Bearer ${token}`);
  expect((input as HTMLInputElement).value).toBe('');
  expect(shown).toBe('');
  expect(JSON.stringify(api.calls)).not.toContain('eyJ');
});
