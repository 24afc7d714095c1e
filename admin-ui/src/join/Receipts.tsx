import { useState } from 'react';
import type { OwnReceipt } from '@rolecall/server/api';
import { readReceipt, readReceipts } from './receiptsApi';
import { receiptText } from './receiptText';
import { text } from './text';

interface Shown {
  readonly receipts: readonly OwnReceipt[];
  readonly next: string | null;
}

/** The decisions about this participant: what, by whom, and a proof to keep. Loaded when it is opened. */
export function Receipts({ room, proof }: { room: string; proof: () => string }) {
  const [shown, setShown] = useState<Shown | null>(null);
  const [state, setState] = useState<'idle' | 'loading' | 'failed' | 'not_saved'>('idle');

  const load = async (before: string | null) => {
    setState('loading');
    const page = await readReceipts(room, proof(), before);
    if (!page) return setState('failed');
    const known = before === null ? [] : (shown?.receipts ?? []);
    setShown({ receipts: [...known, ...page.data], next: page.next });
    setState('idle');
  };
  const save = async (id: string) => {
    const receipt = await readReceipt(room, proof(), id);
    if (receipt) saveJson(`receipt-${id}.json`, receipt);
    setState(receipt ? 'idle' : 'not_saved');
  };

  return (
    <details
      className="receipts"
      onToggle={({ currentTarget }) => {
        if (currentTarget.open) void load(null);
      }}
    >
      <summary>{text.receiptsTitle}</summary>
      <p className="quiet">{text.receiptsHint}</p>
      {shown?.receipts.length === 0 && <p>{text.receiptsNone}</p>}
      <ol>
        {shown?.receipts.map((receipt) => (
          <li key={receipt.id}>
            <p>
              <bdi>{receiptText(receipt)}</bdi>
            </p>
            {receipt.word && (
              <p>
                <bdi>{text.declinedWord(receipt.word)}</bdi>
              </p>
            )}
            <div className="row">
              <time className="quiet" dateTime={receipt.at}>
                {new Date(receipt.at).toLocaleString('en')}
              </time>
              <button
                aria-label={text.saveReceiptOf(receiptText(receipt))}
                onClick={() => void save(receipt.id)}
              >
                {text.saveReceipt}
              </button>
            </div>
          </li>
        ))}
      </ol>
      <p className="quiet" role="status">
        {text.receiptsState[state]}
      </p>
      <div className="row">
        {shown && (
          <button aria-disabled={state === 'loading'} onClick={() => void load(null)}>
            {text.receiptsRefresh}
          </button>
        )}
        {shown?.next && (
          <button aria-disabled={state === 'loading'} onClick={() => void load(shown.next)}>
            {text.receiptsOlder}
          </button>
        )}
      </div>
    </details>
  );
}

function saveJson(name: string, value: object): void {
  const url = URL.createObjectURL(
    new Blob([`${JSON.stringify(value, null, 2)}\n`], { type: 'application/json' }),
  );
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // The browser reads it after the click.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
