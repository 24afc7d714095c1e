import { useSyncExternalStore } from 'react';
import { sha256Hex } from './sha256';

/** What a token says of itself, readable by anybody who has it. Nothing of it is proved. */
export interface TokenClaims {
  readonly header: Readonly<Record<string, unknown>>;
  readonly payload: Readonly<Record<string, unknown>>;
}

/** A token that somebody pasted: only what may be shown and sent of it, never the token. */
export interface PastedToken {
  readonly hash: Promise<string>;
  /** Null: what is between the dots is not what a token has there. */
  readonly claims: TokenClaims | null;
}

/** A JWT, also inside of an address, a header or quotes. Cut off ones are seen too. */
const TOKEN = /eyJ[\w-]{6,}\.[\w-]+(?:\.[\w-]*)?/;
const WHOLE = /^[\w-]+\.[\w-]+\.[\w-]+$/;

/** The token in what somebody typed or pasted; null: there is none. */
export const tokenIn = (text: string): string | null => TOKEN.exec(text)?.[0] ?? null;

export function readToken(token: string): PastedToken {
  return { hash: sha256Hex(token), claims: WHOLE.test(token) ? claimsOf(token) : null };
}

function claimsOf(token: string): TokenClaims | null {
  try {
    const [header, payload] = token.split('.').slice(0, 2).map(partOf);
    return header && payload ? { header, payload } : null;
  } catch {
    return null;
  }
}

function partOf(part: string): Record<string, unknown> | null {
  const binary = atob(part.replaceAll('-', '+').replaceAll('_', '/'));
  const bytes = Uint8Array.from(binary, (char) => char.charCodeAt(0));
  const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : null;
}

let pasted: PastedToken | null = null;
const listeners = new Set<() => void>();

function set(next: PastedToken | null) {
  pasted = next;
  for (const listener of listeners) listener();
}

/**
 * For every field that one searches in: true when the text holds a token. Then the answer is shown
 * at once, and the field must forget the text, so that the token reaches no address and no request.
 */
export function takeToken(text: string): boolean {
  const token = tokenIn(text);
  if (token !== null) set(readToken(token));
  return token !== null;
}

export const forgetToken = () => set(null);

export const usePastedToken = () =>
  useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => pasted,
  );
