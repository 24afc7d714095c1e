import type { ActorKind } from '../api/records';

/** Names may hold anything, a slash or a percent sign too. */
export const personPath = (identity: string) => `/people/${encodeURIComponent(identity)}`;
export const roomHistoryPath = (room: string) => `/rooms/${encodeURIComponent(room)}/history`;
export const operatorHistoryPath = (id: string) => `/operators/${encodeURIComponent(id)}/history`;
/** The log, with a search. */
export const logPath = (query: string) => `/activity?${new URLSearchParams({ query })}`;
export const entryPath = (id: string) => `/activity/${encodeURIComponent(id)}`;

/** The page about an actor; an API key has what it did. Nothing: Rolecall itself. */
export function actorPath(kind: ActorKind | null, id: string | null): string | undefined {
  if (id === null) return undefined;
  if (kind === 'operator') return operatorHistoryPath(id);
  if (kind === 'participant' || kind === 'user') return personPath(id);
  return kind === 'api_key' ? logPath(`actor:${id}`) : undefined;
}
