import { Injectable } from '@nestjs/common';
import { ApiKeyNames } from '../../api-keys/api-key-names.js';
import type { EntryView } from '../../ledger/entry-view.js';
import { OperatorNames } from '../../operators/operator-names.js';
import { TemplateNames } from '../../role-templates/template-names.js';
import { UserNames } from '../../users/user-names.js';
import type { Person, RoleChip } from './log.schemas.js';

type Actor = EntryView['actor'];

export interface NamesAsked {
  readonly identities: readonly (string | null)[];
  readonly actors: readonly Pick<Actor, 'kind' | 'id'>[];
  readonly templates: readonly (string | null)[];
}

/** Names that were looked up together. */
export interface KnownNames {
  /** Null: the entry is about nobody, or it is erased. */
  subject(identity: string | null): Person | null;
  /** Null: it is erased. */
  actor(actor: Actor, isErased: boolean): Person | null;
  role(key: string | null, version?: number | null): RoleChip | null;
}

/** What people, keys and roles are called now, each table asked once. */
@Injectable()
export class Names {
  constructor(
    private readonly users: UserNames,
    private readonly operators: OperatorNames,
    private readonly keys: ApiKeyNames,
    private readonly templates: TemplateNames,
  ) {}

  async lookUp({ identities, actors, templates }: NamesAsked): Promise<KnownNames> {
    const idsOf = (...kinds: Actor['kind'][]) =>
      unique(actors.map(({ kind, id }) => (kinds.includes(kind) ? id : null)));
    const [users, operators, keys, roles] = await Promise.all([
      this.users.ofIdentities(unique([...identities, ...idsOf('participant', 'user')])),
      this.operators.ofIds(idsOf('operator')),
      this.keys.ofIds(idsOf('api_key')),
      this.templates.ofKeys(unique(templates)),
    ]);
    const subject = (identity: string | null): Person | null => {
      if (identity === null) return null;
      const user = users.get(identity);
      return user
        ? { kind: 'user', id: user.id, identity, name: user.name || identity }
        : { kind: 'participant', id: null, identity, name: identity };
    };
    return {
      subject,
      actor: ({ kind, id, label }, isErased) => {
        if (isErased) return null;
        if (kind === 'participant' || kind === 'user')
          return { ...subject(id ?? label), kind } as Person;
        const known =
          id === null ? undefined : kind === 'operator' ? operators.get(id) : keys.get(id);
        return { kind, id, identity: null, name: known ?? label };
      },
      role: (key, version = null) => {
        if (key === null) return null;
        const known = roles.get(key);
        return { key, name: known?.name ?? key, color: known?.color ?? null, version };
      },
    };
  }
}

function unique(all: readonly (string | null)[]): string[] {
  return [...new Set(all.filter((one) => one !== null))];
}
