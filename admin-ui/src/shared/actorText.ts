type Translate = (key: string, options: { name: string }) => string;

/** An API key, a participant or an end user may be named like an operator: their kind comes before it. */
export function actorText(
  name: string,
  kind: string | null | undefined,
  translate: Translate,
): string {
  if (name === '') return '';
  if (kind === null) return translate('app.actor.unknown', { name });
  if (kind === 'api_key' || kind === 'participant' || kind === 'user') {
    return translate(`app.actor.${kind}`, { name });
  }
  return name;
}
