/**
 * The text of a value by RFC 8785: keys in the order of their UTF-16 units, no spaces, numbers and
 * strings as `JSON.stringify` has them. `undefined` and `toJSON` count as they do there.
 */
export function canonicalJson(value: unknown): string {
  return isInOrder(value) ? (JSON.stringify(value) ?? 'null') : inOrder(value);
}

/**
 * The same, as Postgres can keep it: it holds neither U+0000 nor halves of surrogate pairs. An entry
 * must not be lost for them, since a refusal quotes what somebody sent.
 */
export function storableJson(value: unknown): string {
  const json = canonicalJson(value);
  return json.includes('\\u') ? canonicalJson(storable(value)) : json;
}

export function storableText(text: string): string {
  const whole = text.isWellFormed() ? text : text.toWellFormed();
  return whole.includes('\0') ? whole.replaceAll('\0', '\ufffd') : whole;
}

/** A copy with its keys in that order all the way down: it, and copies of it, are written faster. */
export function inKeyOrder<T>(value: T): T {
  return JSON.parse(canonicalJson(value)) as T;
}

/** Most payloads are written in order, and `JSON.stringify` is several times as fast as a walk. */
function isInOrder(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true;
  if (Array.isArray(value)) {
    for (const item of value) if (typeof item === 'object' && !isInOrder(item)) return false;
    return true;
  }
  if ('toJSON' in value && typeof value.toJSON === 'function') return value instanceof Date;
  let last = '';
  for (const key of Object.keys(value)) {
    if (key < last) return false;
    last = key;
    const member = (value as Record<string, unknown>)[key];
    if (typeof member === 'object' && !isInOrder(member)) return false;
  }
  return true;
}

/** The walk, for what `JSON.stringify` would write in another order. */
function inOrder(given: unknown, name = ''): string {
  const value = toJsonOf(given, name);
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  let text = '';
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) {
      text += `${i === 0 ? '' : ','}${inOrder(value[i], `${i}`)}`;
    }
    return `[${text}]`;
  }
  for (const key of sortedKeys(value)) {
    const member = (value as Record<string, unknown>)[key];
    if (member === undefined || typeof member === 'function' || typeof member === 'symbol')
      continue;
    const start = text === '' ? '' : ',';
    if (member === true || member === false) text += `${start}${quoted(key)}:${member}`;
    else text += `${start}${quoted(key)}:${inOrder(member, key)}`;
  }
  return `{${text}}`;
}

/** In the order of their UTF-16 units. */
export function sortedKeys(value: object): string[] {
  const keys = Object.keys(value);
  for (let i = 1; i < keys.length; i++) {
    if ((keys[i] as string) < (keys[i - 1] as string)) return keys.sort();
  }
  return keys;
}

const MAX_KNOWN = 1_000;
const known = new Map<string, string>();

/** The key as JSON. Most are of a few hundred that the code itself names. */
export function quoted(key: string): string {
  let text = known.get(key);
  if (text === undefined) {
    text = JSON.stringify(key);
    if (known.size < MAX_KNOWN && key.length < 40) known.set(key, text);
  }
  return text;
}

function toJsonOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !('toJSON' in value)) return value;
  return typeof value.toJSON === 'function'
    ? (value.toJSON as (name: string) => unknown)(name)
    : value;
}

/**
 * A copy with text that can be kept. It is not made by parsing the JSON: V8 may read a key of one
 * escaped character, such as U+001F, as a backslash (https://github.com/nodejs/node/issues/63785).
 */
function storable(given: unknown, name = ''): unknown {
  const value = toJsonOf(given, name);
  if (typeof value === 'string') return storableText(value);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item, i) => storable(item, `${i}`));
  const members = value as Record<string, unknown>;
  return Object.fromEntries(
    sortedKeys(members).map((key) => [storableText(key), storable(members[key], key)]),
  );
}
