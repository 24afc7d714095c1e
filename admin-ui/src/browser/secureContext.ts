import { isOwnAddress } from '@rolecall/server/address';

/** `crypto.randomUUID` exists in secure contexts only; libraries call it on plain http as well. */
export function provideRandomUuid(): void {
  if (typeof crypto.randomUUID === 'function') return;
  Object.defineProperty(crypto, 'randomUUID', { value: randomUuid, configurable: true });
}

export function randomUuid(): ReturnType<typeof crypto.randomUUID> {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5') as ReturnType<
    typeof crypto.randomUUID
  >;
}

/** Browsers give a page camera and microphone over https, and on this machine's own address. */
export const hasDevices = (): boolean => navigator.mediaDevices !== undefined;

/** PUBLIC_URL when the page was opened at another address; else null. */
export function otherAddress(): string | null {
  const told = document.querySelector<HTMLMetaElement>('meta[name="public-url"]')?.content ?? '';
  // The page of a development server is not filled in.
  if (!URL.canParse(told) || isOwnAddress(window.location.origin, told)) return null;
  return told;
}

/** This page at PUBLIC_URL, where that is https; else null. */
export function secureAddress(): string | null {
  const address = otherAddress();
  return address?.startsWith('https:') ? address + window.location.pathname : null;
}
