import type { ActorKind } from './policy.js';

const PREFIXES: Readonly<Partial<Record<ActorKind, string>>> = {
  api_key: 'API key ',
  participant: 'participant ',
  user: 'user ',
};

/** Who acted, so that an API key or a participant named like an operator is not taken for them. */
export function actorName(label: string, kind: ActorKind | null | undefined): string {
  return `${(kind && PREFIXES[kind]) ?? ''}${label}`;
}
