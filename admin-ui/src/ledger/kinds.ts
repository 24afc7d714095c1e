import { LEDGER_KINDS } from '@rolecall/server/ledger-kinds';

const FAMILIES = new Map<string, string[]>();
for (const kind of Object.keys(LEDGER_KINDS)) {
  const family = kind.split('.')[0] as string;
  FAMILIES.set(family, [...(FAMILIES.get(family) ?? []), kind]);
}

/** The kinds of entries by family; a family as a whole can be asked for as `seat.*`. */
export const KINDS: readonly string[] = [...FAMILIES].flatMap(([family, kinds]) => [
  ...(kinds.length > 1 ? [`${family}.*`] : []),
  ...kinds,
]);
