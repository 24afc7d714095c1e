export interface Named {
  readonly name?: string | null | undefined;
  readonly identity: string;
}

/** Turns text round, or takes room and shows nothing: people choose their names themselves. */
const UNSEEN = /[\p{Bidi_Control}\p{Cc}\u00ad\u200b\u2060-\u2064\ufeff]/gu;
/** Characters that look like a space, whatever Unicode calls them. */
const BLANKS = /[\s\u115f\u1160\u2800\u3164\uffa0]+/gu;

/** What they call themselves, as far as it can be read. Not who they are: that is the identity. */
export function nameOf({ name, identity }: Named): string {
  const shown = (name ?? '').replace(/\s+/gu, ' ').replace(UNSEEN, '').replace(BLANKS, ' ').trim();
  return /[^\p{Default_Ignorable_Code_Point}\p{M}\s]/u.test(shown) ? shown : identity;
}
