import { canonicalJson } from '../common/canonical-json.js';

/** A payload as an entry stores it, each part as canonical JSON. */
interface StoredPayload {
  readonly open: string;
  readonly personal: string | null;
}

/**
 * A bundle of tlog-tiles holds up to 65,535 bytes of an entry. The rest of a leaf, such as room and
 * reason, is less than 16,000.
 */
const MAX_OPEN_BYTES = 49_152;
/** A member up to this length stays where it is, if that is enough. */
const SHORT = 1_024;
const BYTES_PER_UNIT = 3;

/**
 * Long text, such as the metadata of a room, goes to the part that the leaf has as a commitment: it
 * is proved as well, and the leaf stays short.
 */
export function withinLeaf(stored: StoredPayload): StoredPayload {
  if (stored.open.length * BYTES_PER_UNIT <= MAX_OPEN_BYTES || fits(stored.open)) return stored;
  const members = Object.entries(JSON.parse(stored.open) as Record<string, unknown>);
  const isShort = ([, value]: [string, unknown]): boolean => canonicalJson(value).length <= SHORT;
  const short = canonicalJson(Object.fromEntries(members.filter(isShort)));
  const kept = fits(short) ? members.filter(isShort) : [];
  const moved = Object.fromEntries(members.filter((member) => !kept.includes(member)));
  const personal = stored.personal === null ? {} : (JSON.parse(stored.personal) as object);
  return {
    open: canonicalJson(Object.fromEntries(kept)),
    personal: canonicalJson({ ...moved, ...personal }),
  };
}

function fits(json: string): boolean {
  return Buffer.byteLength(json) <= MAX_OPEN_BYTES;
}
