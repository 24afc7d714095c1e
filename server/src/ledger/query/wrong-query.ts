import type { QueryError, WrongQuery } from './parse.js';

const TEXT_ADVICE = 'to search for this text, put it in quotes';

const TEXTS: Readonly<Record<WrongQuery, (parts: QueryError['parts']) => string>> = {
  too_long: ({ most }) => `a query has at most ${most} characters`,
  open_quote: () => 'the quote is not closed',
  after_quote: () => 'put a space after the closing quote',
  no_field: ({ name }) => `there is no field ${name}; ${TEXT_ADVICE}`,
  too_many_values: ({ most }) => `a query has at most ${most} values`,
  needs_value: ({ field, example }) => `${field} needs a value, such as ${example}`,
  not_text: () => 'must be well-formed Unicode without NUL',
  value_too_long: ({ most }) => `has at most ${most} bytes`,
  too_many_texts: ({ most }) => `a query looks for at most ${most} texts`,
  needs_colon: ({ field }) => `${field} is asked for with a colon`,
  one_value: ({ field }) => `${field} takes one value`,
  no_duration: () => 'is no duration',
  not_compared: ({ field }) => `${field} is compared: use < or >`,
  use_instead: ({ field, other }) => `instead of leaving out ${field}, use ${other}`,
  twice: ({ field }) => `${field} is there twice`,
  no_moment: () => 'is no moment',
  no_such_value: ({ field, value }) => `${field} has no value ${value}`,
  no_hash: () => 'must be 64 hexadecimal digits: the SHA-256 of the token',
  no_kind: ({ value }) => `there is no kind or group ${value}`,
};

/** What is wrong in a query, for programs; the dashboard has words of its own for each code. */
export function textOfWrong({ code, parts }: QueryError): string {
  return TEXTS[code](parts);
}
