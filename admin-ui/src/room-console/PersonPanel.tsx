import { type ReactNode, useId } from 'react';
import { useTranslate } from 'react-admin';
import { useQuery } from '@tanstack/react-query';
import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import IconButton from '@mui/material/IconButton';
import Link from '@mui/material/Link';
import Skeleton from '@mui/material/Skeleton';
import Typography from '@mui/material/Typography';
import Close from '@mui/icons-material/Close';
import { Link as RouterLink } from 'react-router-dom';
import { getJson } from '../providers/httpClient';
import type { LedgerEntry, Page, RoleTemplate, Seat } from '../providers/records';
import { BecauseList } from '../shared/BecauseList';
import { CopyButton } from '../shared/CopyButton';
import { Mono } from '../shared/Mono';
import { Facts } from '../shared/Panel';
import { RoleChip } from '../shared/RoleChip';
import { TimeText } from '../shared/TimeText';
import { usePermissionSet } from '../shared/usePermissionSet';
import type { Attempt } from './seatActions';
import { clockTime, FLAGS, hasFlag, nameOf, signOf, statusOf, tracksInWords } from './seatWords';
import { differences, foresee, roleUnderOverride, useExplanation } from './useExplanation';

export interface PanelAction {
  id: 'promote' | 'promoteAs' | 'demote' | 'mute' | 'remove' | 'block' | 'unblock' | 'undo';
  label: string;
  /** Why it cannot be done; null when it can. */
  blockedBy: string | null;
  isPrimary?: boolean;
  isDestructive?: boolean;
}

export interface PersonPanelProps {
  room: string;
  seat: Seat;
  attempt: Attempt | undefined;
  isGone: boolean;
  templates: ReadonlyMap<string, RoleTemplate>;
  actions: PanelAction[];
  errorText: (error: unknown) => string;
  onAction: (id: PanelAction['id'], element: HTMLElement) => void;
  onClose: () => void;
}

/** One person: what may be done, what is so, and why. */
export function PersonPanel(props: PersonPanelProps) {
  const { room, seat, attempt, isGone, templates, actions, onAction, onClose } = props;
  const translate = useTranslate();
  const can = usePermissionSet();
  const titleId = useId();
  const explanation = useExplanation(room, seat, can('token.preview', room));
  const status = statusOf(seat, attempt, isGone, translate, props.errorText);
  const below = roleUnderOverride(explanation.data);
  const name = nameOf(seat);

  return (
    <Box component="aside" aria-labelledby={titleId} sx={{ p: 2, overflowY: 'auto', flex: 1 }}>
      <Box sx={{ display: 'flex', alignItems: 'flex-start', gap: 1 }}>
        <Box sx={{ flex: 1, minWidth: 0 }}>
          <Typography variant="h2" id={titleId} sx={{ overflowWrap: 'anywhere' }}>
            <bdi>{name}</bdi>
          </Typography>
          <Mono>{seat.identity}</Mono>
          <CopyButton text={seat.identity} label={translate('room_console.panel.copy_identity')} />
        </Box>
        <IconButton aria-label={translate('room_console.verbs.close')} onClick={onClose}>
          <Close sx={{ fontSize: 18 }} />
        </IconButton>
      </Box>
      <Box sx={{ color: TONES[status.tone], fontWeight: 550, my: 1 }}>
        <span aria-hidden>{signOf(status.tone)}</span> {status.text}
      </Box>
      {attempt && !attempt.isOld && attempt.effects.length > 0 && (
        <Sentences texts={attempt.effects} />
      )}

      <Box sx={{ display: 'flex', flexWrap: 'wrap', gap: 1, my: 1.5 }}>
        {actions.map((action) => (
          <Button
            key={action.id}
            variant={action.isPrimary ? 'contained' : 'outlined'}
            color={action.isDestructive ? 'error' : 'primary'}
            disabled={action.blockedBy !== null}
            title={action.blockedBy ?? undefined}
            onClick={(event) => onAction(action.id, event.currentTarget)}
          >
            {action.label}
          </Button>
        ))}
      </Box>
      {below !== null && (
        <Typography variant="body2" color="text.secondary">
          <DemoteHint
            effects={foresee(seat, templates.get(below))}
            role={templates.get(below)?.name ?? below}
          />
        </Typography>
      )}

      <Section title={translate('room_console.panel.role')}>
        {seat.role?.template ? (
          <RoleChip template={seat.role.template} version={seat.role.version} />
        ) : (
          translate('room_console.source.none')
        )}{' '}
        <Typography component="span" variant="body2" color="text.secondary">
          {translate(`room_console.source.${seat.role?.source ?? 'none'}`)}
        </Typography>
        {seat.override && (
          <Typography variant="body2" color="text.secondary">
            {[
              seat.override.by &&
                translate('room_console.panel.override_by', { by: seat.override.by }),
              seat.override.reason &&
                translate('room_console.panel.reason', { reason: seat.override.reason }),
            ]
              .filter(Boolean)
              .join(' · ')}
          </Typography>
        )}
        {seat.block && (
          <Typography variant="body2" color="error">
            {[
              seat.block.by && translate('room_console.panel.blocked_by', { by: seat.block.by }),
              seat.block.until && clockTime(seat.block.until),
              seat.block.reason &&
                translate('room_console.panel.reason', { reason: seat.block.reason }),
            ]
              .filter(Boolean)
              .join(' · ')}
          </Typography>
        )}
      </Section>

      {seat.isPresent && seat.observed && (
        <Section title={translate('room_console.panel.observed')}>
          {FLAGS.filter((flag) => hasFlag(seat.observed!, flag))
            .map((flag) => translate(`room_console.flags.${flag}`))
            .join(', ') || translate('room_console.flags.nothing')}
          {!seat.inSync && (
            <Box sx={{ color: 'warning.main', mt: 0.5 }}>
              {translate('room_console.panel.differs')}
              <Sentences texts={differences(seat, explanation.data)} />
            </Box>
          )}
        </Section>
      )}

      <Section title={translate('room_console.panel.tracks')}>
        {tracksInWords(seat, translate) || translate('room_console.panel.no_tracks')}
      </Section>

      {explanation.isFetching && !explanation.data ? (
        <Skeleton height={80} animation={false} />
      ) : (
        (explanation.data || explanation.error) && (
          <Section title={translate('room_console.panel.why')}>
            {explanation.data ? (
              <BecauseList because={explanation.data.because} />
            ) : (
              translate('room_console.panel.why_failed')
            )}
          </Section>
        )
      )}

      {can('ledger.read') && <History room={room} seat={seat} />}

      <Section title={translate('room_console.grid.state')}>
        <Facts
          facts={[
            {
              label: translate('room_console.panel.joined'),
              value: seat.isPresent ? <TimeText at={seat.joinedAt} /> : '–',
            },
            { label: translate('room_console.panel.epoch'), value: seat.epoch },
            {
              label: translate('room_console.panel.user'),
              value: seat.user ? (
                <Link component={RouterLink} to={`/users/${encodeURIComponent(seat.user)}`}>
                  {name}
                </Link>
              ) : (
                translate('room_console.panel.unknown_user')
              ),
            },
          ]}
        />
      </Section>
    </Box>
  );
}

const TONES = {
  good: 'success.main',
  pending: 'warning.main',
  bad: 'error.main',
  quiet: 'text.secondary',
} as const;

export function DemoteHint({ role, effects }: { role: string; effects: string[] }) {
  const translate = useTranslate();
  const what = `${translate('room_console.verbs.demote')}: ${translate(
    'room_console.demote_hint.drop_to',
    { role },
  )}`;
  return effects.length === 0
    ? what
    : translate('room_console.demote_hint.effects', { what, effects: effects.join(', ') });
}

function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <Box component="section" sx={{ mt: 2 }}>
      <Typography variant="h3" color="text.secondary" sx={{ mb: 0.5, fontSize: '.75rem' }}>
        {title}
      </Typography>
      <Box sx={{ fontSize: '.8125rem' }}>{children}</Box>
    </Box>
  );
}

function Sentences({ texts }: { texts: readonly string[] }) {
  return (
    <Box component="ul" sx={{ m: 0, pl: 2.25, fontSize: '.8125rem' }}>
      {texts.map((text) => (
        <li key={text}>{text}</li>
      ))}
    </Box>
  );
}

const LAST_ENTRIES = 5;

function History({ room, seat }: { room: string; seat: Seat }) {
  const translate = useTranslate();
  const filter = JSON.stringify({ room, identity: seat.identity });
  const { data } = useQuery({
    queryKey: ['ledger', 'seat', room, seat.identity, seat.epoch, seat.lastChange?.at],
    queryFn: ({ signal }) =>
      getJson<Page<LedgerEntry>>('/ledger', {
        query: { limit: LAST_ENTRIES, filter },
        signal,
      }),
  });
  if (!data) return null;
  return (
    <Section title={translate('room_console.panel.history')}>
      {data.data.length === 0 ? (
        translate('room_console.panel.no_history')
      ) : (
        <Box component="ol" sx={{ listStyle: 'none', m: 0, p: 0 }}>
          {data.data.map((entry) => (
            <Box component="li" key={entry.id} sx={{ py: 0.25 }}>
              <Mono>{entry.kind}</Mono> {entry.outcome}{' '}
              <Box component="span" sx={{ color: 'text.secondary' }}>
                {entry.actor?.label} <TimeText at={entry.at} />
              </Box>
            </Box>
          ))}
        </Box>
      )}
      <Link
        component={RouterLink}
        to={`/activity?${new URLSearchParams({ filter })}`}
        sx={{ display: 'block', mt: 0.5 }}
      >
        {translate('room_console.panel.all_history')}
      </Link>
    </Section>
  );
}
