/** A key pair of LiveKit: the key names it (`iss`), the secret signs. */
export interface LiveKitKeyPair {
  readonly apiKey: string;
  readonly apiSecret: string;
}

/** Where LiveKit is and how it knows us; null under `LIVEKIT_SETTINGS` when none is configured. */
export interface LiveKitSettings extends LiveKitKeyPair {
  /** What Rolecall itself calls; `ws:` and `wss:` are taken as `http:` and `https:`. */
  readonly url: string;
}

export const LIVEKIT_SETTINGS = Symbol('LIVEKIT_SETTINGS');

/** Signalling speaks `ws:`, the API `http:`, at the same address. */
export function toHttpUrl(url: string): string {
  return url.replace(/^ws/i, 'http').replace(/\/+$/, '');
}
