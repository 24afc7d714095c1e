/** A part of a query as it was written. `start` and `end` are positions in the text. */
export interface ScannedValue {
  readonly start: number;
  readonly end: number;
  /** Without quotes and escapes. */
  readonly text: string;
  readonly isQuoted: boolean;
}

export interface ScannedTerm {
  readonly start: number;
  readonly end: number;
  readonly isExcluded: boolean;
  /** As written; null: bare text. */
  readonly name: string | null;
  readonly operator: ':' | '>' | '>=' | '<' | '<=' | '=' | null;
  readonly values: readonly ScannedValue[];
}

export interface ScanProblem {
  readonly at: number;
  readonly length: number;
  readonly sort: 'open_quote' | 'after_quote';
}

const NAME = /([A-Za-z][A-Za-z_]*)(:|>=|<=|>|<|=)/y;
const SPACE = /\s/u;
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' };
const UNICODE = /u\{([0-9a-fA-F]{1,6})\}|u([0-9a-fA-F]{4})/y;

/**
 * Cuts a query into its terms. Never throws: what is not closed ends with the text. `isField`: a name
 * before `<`, `>` or `=` is a field only where there is one, so that other text may have these.
 */
export function scanQuery(
  text: string,
  isField: (name: string) => boolean,
): { terms: ScannedTerm[]; problems: ScanProblem[] } {
  const scanner = new Scanner(text, isField);
  return { terms: scanner.terms(), problems: scanner.problems };
}

class Scanner {
  readonly problems: ScanProblem[] = [];
  private at = 0;

  constructor(
    private readonly text: string,
    private readonly isField: (name: string) => boolean,
  ) {}

  terms(): ScannedTerm[] {
    const terms: ScannedTerm[] = [];
    for (;;) {
      while (this.at < this.text.length && SPACE.test(this.text[this.at] as string)) this.at++;
      if (this.at >= this.text.length) return terms;
      terms.push(this.term());
    }
  }

  private term(): ScannedTerm {
    const start = this.at;
    const next = this.text[start + 1];
    const isExcluded = this.text[start] === '-' && next !== undefined && !SPACE.test(next);
    if (isExcluded) this.at++;
    NAME.lastIndex = this.at;
    const found = NAME.exec(this.text);
    const [whole = '', name = '', operator = ''] = found ?? [];
    if (!found || (operator !== ':' && !this.isField(name))) {
      const value = this.text[this.at] === '"' ? this.quoted() : this.bare(/[^\s]/u);
      return this.ended({ start, isExcluded, name: null, operator: null, values: [value] });
    }
    this.at += whole.length;
    const values = [this.value()];
    while (this.text[this.at] === ',') {
      this.at++;
      values.push(this.value());
    }
    return this.ended({
      start,
      isExcluded,
      name,
      operator: operator as ScannedTerm['operator'],
      values,
    });
  }

  private ended(term: Omit<ScannedTerm, 'end'>): ScannedTerm {
    const end = this.at;
    const left = this.text[end];
    if (left !== undefined && !SPACE.test(left)) {
      const rest = this.bare(/[^\s]/u);
      this.problems.push({ at: rest.start, length: rest.end - rest.start, sort: 'after_quote' });
    }
    return { ...term, end };
  }

  private value(): ScannedValue {
    return this.text[this.at] === '"' ? this.quoted() : this.bare(/[^\s,"]/u);
  }

  private bare(of: RegExp): ScannedValue {
    const start = this.at;
    while (this.at < this.text.length && of.test(this.text[this.at] as string)) this.at++;
    return { start, end: this.at, text: this.text.slice(start, this.at), isQuoted: false };
  }

  private quoted(): ScannedValue {
    const start = this.at++;
    let text = '';
    while (this.at < this.text.length && this.text[this.at] !== '"') {
      const char = this.text[this.at] as string;
      text += char === '\\' ? this.escaped() : char;
      this.at++;
    }
    if (this.at >= this.text.length) {
      this.problems.push({ at: start, length: this.text.length - start, sort: 'open_quote' });
    } else this.at++;
    return { start, end: this.at, text, isQuoted: true };
  }

  /** Stops at the last character of the escape. */
  private escaped(): string {
    const next = this.text[this.at + 1];
    if (next === undefined) return '\\';
    UNICODE.lastIndex = this.at + 1;
    const code = UNICODE.exec(this.text);
    if (code) {
      const point = parseInt((code[1] ?? code[2]) as string, 16);
      if (point <= 0x10ffff) {
        this.at += code[0].length;
        return String.fromCodePoint(point);
      }
    }
    this.at++;
    return ESCAPES[next] ?? next;
  }
}
