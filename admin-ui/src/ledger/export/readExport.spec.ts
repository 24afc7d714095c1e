import { afterEach, describe, expect, it } from '@jest/globals';
import {
  type ExportFormat,
  ExportRefused,
  type ExportSoFar,
  NOTHING,
  readExport,
} from './readExport';

const LINES = [
  '{"export":"x"}',
  '{"tile":"tile/0/000","hashes":"="}',
  entry(1),
  entry(2),
  entry(3),
];
const END = '{"manifest":"rolecall\\n"}';
const CSV = ['"leaf","id"', '1,"id-1-1"', '2,"id-1-2"'];
const CSV_END = '#manifest,"first\nsecond\n"\r\n';

function entry(n: number): string {
  return `{"leaf":${n},"id":"id-1-${n}","entry":{"text":"ü"}}`;
}

const before = globalThis.fetch;
afterEach(() => {
  globalThis.fetch = before;
});

/** Answers in chunks of seven bytes; at their end the connection breaks, or the stream ends. */
function answering(text: string, isCut: boolean): string[] {
  const asked: string[] = [];
  const bytes = new TextEncoder().encode(text);
  globalThis.fetch = ((address: string) => {
    asked.push(address);
    let at = 0;
    const read = () => {
      if (at >= bytes.length) {
        if (isCut) return Promise.reject(new TypeError('network error'));
        return Promise.resolve({ done: true, value: undefined });
      }
      const value = bytes.slice(at, (at += 7));
      return Promise.resolve({ done: false, value });
    };
    return Promise.resolve({ ok: true, body: { getReader: () => ({ read }) } });
  }) as unknown as typeof fetch;
  return asked;
}

function textOf(parts: readonly Blob[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result));
    reader.onerror = () => reject(new Error('unreadable'));
    reader.readAsText(new Blob([...parts]));
  });
}

function read(format: ExportFormat, sofar: ExportSoFar = NOTHING): Promise<ExportSoFar> {
  const asked = { query: 'kind:seats', zone: 'UTC', format };
  return readExport(asked, sofar, () => undefined, new AbortController().signal);
}

describe('an export in the browser', () => {
  it('keeps whole lines of what was cut off, and goes on after the last one', async () => {
    answering([...LINES, entry(4).slice(0, 20)].join('\n'), true);
    const cut = await read('ndjson');
    expect(cut).toMatchObject({ entries: 3, lastId: 'id-1-3', isWhole: false });
    expect(await textOf(cut.parts)).toBe(`${LINES.join('\n')}\n`);

    const rest = `\n{"export":"y"}\n${entry(4)}\n${END}\n`;
    const asked = answering(rest, false);
    const whole = await read('ndjson', cut);
    expect(asked[0]).toMatch(/query=kind%3Aseats&zone=UTC&format=ndjson&after=id-1-3$/);
    expect(whole).toMatchObject({ entries: 4, lastId: 'id-1-4', isWhole: true });
    expect(await textOf(whole.parts)).toBe(`${LINES.join('\n')}\n${rest}`);
  });

  it('is not whole without its manifest, however it ended', async () => {
    answering(`${LINES.join('\n')}\n`, false);
    expect(await read('ndjson')).toMatchObject({ entries: 3, isWhole: false });
    answering(`${LINES.join('\n')}\n${END.slice(0, 18)}`, false);
    expect(await read('ndjson')).toMatchObject({ entries: 3, isWhole: false });
  });

  it('of a spreadsheet has the same', async () => {
    const text = `${CSV.join('\r\n')}\r\n`;
    answering(`${text}${CSV_END.slice(0, 18)}`, true);
    const cut = await read('csv');
    expect(cut).toMatchObject({ entries: 2, lastId: 'id-1-2', isWhole: false });
    expect(await textOf(cut.parts)).toBe(text);
    answering(CSV_END, false);
    const whole = await read('csv', cut);
    expect(whole.isWhole).toBe(true);
    expect(await textOf(whole.parts)).toBe(`${text}${CSV_END}`);
  });

  it('that is refused says why', async () => {
    globalThis.fetch = (() =>
      Promise.resolve({
        ok: false,
        status: 503,
        json: () => Promise.resolve({ detail: 'Other exports run now.' }),
      })) as unknown as typeof fetch;
    await expect(read('ndjson')).rejects.toThrow(ExportRefused);
    await expect(read('ndjson')).rejects.toThrow('Other exports run now.');
  });
});
