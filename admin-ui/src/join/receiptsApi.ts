import type { OwnReceipts, Receipt } from '@rolecall/server/api';

const TIMEOUT_MS = 10_000;

/** Null: nothing that makes sense was answered. Only the token says about whom one asks. */
async function read<T>(room: string, token: string, rest: string): Promise<T | null> {
  const path = `/api/v1/rooms/${encodeURIComponent(room)}/receipts/me${rest}`;
  try {
    const response = await fetch(path, {
      // Not `Authorization`: a proxy in front that asks for a password needs that for itself.
      headers: { 'x-rolecall-token': token },
      cache: 'no-store',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    return response.ok ? ((await response.json()) as T) : null;
  } catch {
    return null;
  }
}

export const readReceipts = (room: string, token: string, before: string | null) =>
  read<OwnReceipts>(room, token, before === null ? '' : `?before=${encodeURIComponent(before)}`);

export const readReceipt = (room: string, token: string, id: string) =>
  read<Receipt>(room, token, `/${encodeURIComponent(id)}`);
