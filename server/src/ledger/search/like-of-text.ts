import { likeOfPattern } from '../../database/like-of-pattern.js';
import { foldText } from '../../grants/fold-text.js';

/** A pattern for text that is compared folded, as SQL's LIKE. */
export function likeOfText(pattern: string): string {
  return likeOfPattern(foldText(pattern));
}
