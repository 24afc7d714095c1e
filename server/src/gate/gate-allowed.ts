import type { IncomingHttpHeaders } from 'node:http';
import type { GateAction } from './gate-paths.js';

/**
 * What LiveKit's clients send and LiveKit reads (v1.13.5, `rtcservice.go`, `utils.go`,
 * `whipservice.go`), with the most characters of each. Everything else, and what is longer, stays
 * behind: LiveKit does costly things with headers that none of its clients needs.
 */
const QUERY_LIMITS: readonly (readonly [string, number])[] = [
  ['join_request', 64 * 1024],
  ['attributes', 16 * 1024],
  ['reconnect', 8],
  ['reconnect_reason', 8],
  ['sid', 64],
  ['auto_subscribe', 8],
  ['auto_subscribe_data_track', 8],
  ['adaptive_stream', 8],
  ['disable_ice_lite', 8],
  ['subscriber_allow_pause', 8],
  ['protocol', 8],
  ['client_protocol', 8],
  ['capabilities', 256],
  ['sdk', 32],
  ['version', 64],
  ['os', 64],
  ['os_version', 64],
  ['browser', 64],
  ['browser_version', 64],
  ['device_model', 128],
  ['network', 32],
];

const USER_AGENT = ['user-agent', 512] as const;

const HEADER_LIMITS: Readonly<Record<GateAction, readonly (readonly [string, number])[]>> = {
  connect: [
    ['sec-websocket-key', 64],
    ['sec-websocket-version', 8],
    ['sec-websocket-extensions', 256],
    USER_AGENT,
  ],
  probe: [],
  whip_publish: [['content-type', 64], USER_AGENT],
  whip_session: [['content-type', 64], ['if-match', 256], USER_AGENT],
};

/** An offer of a browser has some kilobytes; LiveKit makes a transceiver of every line of media. */
export const MAX_WHIP_BODY_BYTES = 64 * 1024;

/** The first value of each name, as LiveKit reads it. */
export function limitedQuery(query: URLSearchParams): URLSearchParams {
  const kept = new URLSearchParams();
  for (const [name, most] of QUERY_LIMITS) {
    const value = query.get(name);
    if (value !== null && value.length <= most) kept.set(name, value);
  }
  return kept;
}

export function limitedHeaders(
  action: GateAction,
  headers: IncomingHttpHeaders,
): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, most] of HEADER_LIMITS[action]) {
    const value = headers[name];
    if (typeof value === 'string' && value.length <= most) kept[name] = value;
  }
  return kept;
}

/** Headers of LiveKit for a WHIP client; none is about this connection. */
const RESPONSE_HEADERS = ['content-type', 'location', 'etag', 'link'];

export function responseHeaders(headers: IncomingHttpHeaders): Record<string, string | string[]> {
  const kept: Record<string, string | string[]> = {};
  for (const name of RESPONSE_HEADERS) {
    const value = headers[name];
    if (value !== undefined) kept[name] = value;
  }
  return kept;
}

/** Pages of other origins may read these: a WHIP client has its session's address from one. */
export const EXPOSED_HEADERS = 'ETag, Link, Location';
