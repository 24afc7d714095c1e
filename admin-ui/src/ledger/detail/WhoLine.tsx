import { useTranslate } from 'react-admin';
import Box from '@mui/material/Box';
import Typography from '@mui/material/Typography';
import ChevronRight from '@mui/icons-material/ChevronRight';
import type { Act } from '@rolecall/server/api';
import { nameOf } from '../../shared/nameOf';
import { Mono } from '../../shared/Mono';
import { actorPath, personPath } from '../../shared/historyPaths';
import { Face } from '../list/Face';
import type { MatchField } from '../query/language';
import { ValueMenu } from './ValueMenu';

export interface WhoLineProps {
  act: Act;
  onFilter: (field: MatchField, value: string, how: 'only' | 'without') => void;
}

/** The actor and the person that the act is about. */
export function WhoLine({ act, onFilter }: WhoLineProps) {
  const translate = useTranslate();
  const { entry, people } = act;
  const { actor, identity } = entry;
  const isOneself = identity !== null && actor?.id === identity;
  return (
    <Box sx={{ display: 'flex', alignItems: 'center', gap: 1.5, flexWrap: 'wrap' }}>
      {!isOneself && actor && (
        <One
          id={actor.id ?? 'rolecall'}
          name={
            actor.label
              ? nameOf({ name: people.actor?.name, identity: actor.label })
              : translate('ledger.who.rolecall')
          }
          kind={entry.kind.startsWith('gate.') ? 'gate' : actor.kind}
          note={noteOf(act, translate)}
          filter={
            actor.id
              ? { field: 'actor', value: actor.id, onFilter, to: actorPath(actor.kind, actor.id) }
              : undefined
          }
        />
      )}
      {!isOneself && actor && identity && (
        <ChevronRight aria-hidden sx={{ fontSize: 18, color: 'text.secondary' }} />
      )}
      {identity && (
        <One
          id={identity}
          name={nameOf({ name: people.subject?.name, identity })}
          kind={null}
          note={<Mono>{identity}</Mono>}
          filter={{
            field: 'identity',
            value: identity,
            onFilter,
            to: personPath(identity),
          }}
        />
      )}
    </Box>
  );
}

type Translate = ReturnType<typeof useTranslate>;

/** What kind of actor it is; of an operator, the address that they sign in with. */
function noteOf({ entry: { actor }, people }: Act, translate: Translate) {
  if (actor?.kind === 'operator' && people.actor?.name !== actor.label) {
    return <bdi translate="no">{actor.label}</bdi>;
  }
  return translate(`ledger.who.${actor?.kind ?? 'unknown'}`);
}

interface OneProps {
  id: string;
  name: string;
  kind: React.ComponentProps<typeof Face>['kind'];
  note: React.ReactNode;
  filter?: Omit<React.ComponentProps<typeof ValueMenu>, 'children'>;
}

const One = ({ id, name, kind, note, filter }: OneProps) => (
  <Box sx={{ display: 'flex', alignItems: 'center', gap: 1, minWidth: 0 }}>
    <Face of={id} name={name} kind={kind} />
    <Box sx={{ minWidth: 0 }}>
      {filter ? (
        <ValueMenu {...filter}>
          <Box component="bdi" translate="no" sx={{ fontWeight: 600, fontSize: '.8125rem' }}>
            {name}
          </Box>
        </ValueMenu>
      ) : (
        <Typography component="span" variant="body2" sx={{ fontWeight: 600 }} translate="no">
          {name}
        </Typography>
      )}
      <Typography
        variant="caption"
        color="text.secondary"
        component="div"
        sx={{ overflowWrap: 'anywhere' }}
      >
        {note}
      </Typography>
    </Box>
  </Box>
);
