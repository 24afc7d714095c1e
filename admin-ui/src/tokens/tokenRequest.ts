import { fromPairs, type Pair } from '../shared/AttributePairs';

export interface KnownUser {
  id: string;
  identity: string;
  name: string;
}

/** What the form holds. */
export interface TokenForm {
  room: string;
  /** A user that was chosen, or the identity that was typed. */
  who: KnownUser | string;
  template: string;
  ttl: string;
  name: string;
  metadata: string;
  attributes: readonly Pair[];
  createRoom: boolean;
  createUser: boolean;
  reason: string;
}

export const EMPTY_FORM: TokenForm = {
  room: '',
  who: '',
  template: '',
  ttl: '',
  name: '',
  metadata: '',
  attributes: [],
  createRoom: true,
  createUser: true,
  reason: '',
};

/** Only what was filled in: what is left out is decided by the server. */
export function tokenBody(form: TokenForm): Record<string, unknown> {
  const { room, who, template, ttl, name, metadata, createRoom, createUser, reason } = form;
  const attributes = fromPairs(form.attributes);
  const filled = Object.entries({ room, template, ttl: ttl.trim(), name, metadata, reason });
  return {
    ...Object.fromEntries(filled.filter(([, text]) => text !== '')),
    ...(typeof who === 'string' ? { identity: who } : { user: who.id }),
    ...(Object.keys(attributes).length > 0 && { attributes }),
    ...(room !== '' && createRoom && { createRoom }),
    ...(typeof who === 'string' && createUser && { createUser }),
  };
}

export const isAskable = ({ room, who, template }: TokenForm) =>
  who !== '' && (room !== '' || template !== '');
