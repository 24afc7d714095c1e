import unhomoglyph from 'unhomoglyph';
import { foldText } from '../grants/fold-text.js';

/** Characters that leave no mark: joiners, direction marks, variation selectors, controls. */
const INVISIBLE = /[\p{Default_Ignorable_Code_Point}\p{Cf}\p{Cc}]/gu;

/**
 * How an identity looks to people: two with a key in common may be taken for each other. By Unicode's
 * table of confusable characters (UTS 39), once as it is written and once without case.
 */
export function looksOf(identity: string): [string, string] {
  const written = skeleton(identity.normalize('NFKC'));
  return [written, foldText(skeleton(foldText(identity)))];
}

function skeleton(text: string): string {
  const visible = text.replace(INVISIBLE, '').trim().normalize('NFD');
  return unhomoglyph(visible).normalize('NFD');
}
