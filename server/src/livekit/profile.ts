import { hash } from 'node:crypto';
import { toStorable } from './storable.js';

/** What somebody is called and what their attributes are, as a short hash of each. */
export type Profile = Readonly<Record<string, string>>;

const MAX_ATTRIBUTES = 64;
/** Of LiveKit itself, its agents and its telephony, which change them at any time. */
const OF_LIVEKIT = /^(lk|sip)\./;

export function profileOf({
  name,
  metadata,
  attributes,
}: {
  readonly name: string;
  readonly metadata: string;
  readonly attributes: Readonly<Record<string, string>>;
}): Profile {
  const keys = Object.keys(attributes)
    .filter((key) => !OF_LIVEKIT.test(key))
    .sort();
  const single = keys.slice(0, MAX_ATTRIBUTES);
  const rest = keys.slice(MAX_ATTRIBUTES).map((key) => [key, attributes[key]]);
  return {
    name: digestOf(name),
    metadata: digestOf(metadata),
    ...Object.fromEntries(
      single.map((key) => [`attributes.${toStorable(key)}`, digestOf(attributes[key] ?? '')]),
    ),
    ...(rest.length > 0 ? { 'attributes.…': digestOf(JSON.stringify(rest)) } : {}),
  };
}

/** The members in which they differ. */
export function profileChanges(before: Profile, after: Profile): string[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .filter((member) => before[member] !== after[member])
    .sort();
}

export function digestOf(text: string): string {
  return hash('sha256', text.toWellFormed()).slice(0, 16);
}
