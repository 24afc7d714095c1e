/**
 * The form in which text is compared and searched: the same whatever way its letters were typed
 * (NFC, NFD, full width) and in either case. Postgres has it as `rolecall_fold`.
 */
export function foldText(text: string): string {
  return text.normalize('NFKC').toLowerCase().replaceAll('ς', 'σ');
}
