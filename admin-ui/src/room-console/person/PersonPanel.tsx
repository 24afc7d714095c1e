import { type ReactNode, useId } from 'react';
import { useTranslate } from 'react-admin';
import Box from '@mui/material/Box';
import IconButton from '@mui/material/IconButton';
import Link from '@mui/material/Link';
import Skeleton from '@mui/material/Skeleton';
import Typography from '@mui/material/Typography';
import Close from '@mui/icons-material/Close';
import type { Theme } from '@mui/material/styles';
import type { SystemStyleObject } from '@mui/system';
import { Link as RouterLink } from 'react-router-dom';
import type { ActorKind, Seat } from '../../api/records';
import { BecauseList } from '../../shared/BecauseList';
import { CopyButton } from '../../shared/CopyButton';
import { Mono } from '../../shared/Mono';
import { Facts } from '../../shared/Panel';
import { RoleChip } from '../../shared/RoleChip';
import { TimeText } from '../../shared/TimeText';
import { CameInWith } from './CameInWith';
import { MediaTiles } from './MediaTiles';
import { PersonActions } from './PersonActions';
import { PersonHistory, PersonTokens } from './PersonHistory';
import { PersonSection as Section } from '../seat/PersonSection';
import { PeekSection } from '../peek/PeekSection';
import type { Attempt } from '../commands/seatActions';
import { statusOf } from '../commands/seatStatus';
import { initialsOf, LOOKS, lookOf } from '../../shared/face';
import { nameOf } from '../../shared/nameOf';
import { hasFlag } from '../seat/seatFacts';
import type { Status } from '../seat/status';
import { clockTime, timeLeft, waitedFor } from '../seat/times';
import { StatusSign } from '../seat/StatusSign';
import { statusStyles } from '../seat/statusStyles';
import { usePermissionSet } from '../../session/usePermissionSet';
import { useRoomRoster } from '../roster/rosterContext';
import { usePerson } from './useActivePerson';
import { differences, useExplanation } from './useExplanation';
import { useRosterFact } from '../roster/useRoster';
import { useSeconds } from '../seat/useSeconds';
import { actorText } from '../../shared/actorText';

export interface PersonPanelProps {
  seat: Seat;
  attempt: Attempt | undefined;
  errorText: (error: unknown) => string;
}

/** One person: what can be done, what is true, since when, and why. */
export function PersonPanel({ seat, attempt, errorText }: PersonPanelProps) {
  const translate = useTranslate();
  const can = usePermissionSet();
  const { room, store } = useRoomRoster();
  const { closePanel } = usePerson();
  const titleId = useId();
  const explanation = useExplanation(room, seat, can('token.preview', room));
  const isGone = useRosterFact(store, ({ gone }) => gone.has(seat.identity));
  const status = statusOf(seat, attempt, isGone, translate, errorText);
  const name = nameOf(seat);
  const differs = seat.inSync ? null : differences(seat, explanation.data);

  return (
    <Box
      component="aside"
      aria-labelledby={titleId}
      data-about={seat.identity}
      sx={{ p: 2, overflowY: 'auto', flex: 1 }}
    >
      <Box sx={{ display: 'flex', alignItems: 'flex-start', gap: 1.5 }}>
        <Face name={name} identity={seat.identity} />
        <Box sx={{ flex: 1, minWidth: 0 }}>
          <Typography variant="h2" id={titleId} sx={{ overflowWrap: 'anywhere' }}>
            <bdi translate="no">{name}</bdi>
          </Typography>
          <Mono>{seat.identity}</Mono>
          <CopyButton text={seat.identity} label={translate('room_console.panel.copy_identity')} />
          <RoleNow seat={seat} />
        </Box>
        <IconButton
          aria-label={translate('room_console.commands.close')}
          onClick={closePanel}
          sx={{ '@media (pointer: coarse)': { minWidth: 44, minHeight: 44 } }}
        >
          <Close sx={{ fontSize: 18 }} />
        </IconButton>
      </Box>
      {status && <StatusLine {...status} />}
      {attempt && !attempt.isOld && attempt.effects.length > 0 && (
        <Sentences texts={attempt.effects} />
      )}
      {seat.isPresent && seat.observed && <MediaTiles seat={seat} />}
      {seat.isPresent && seat.observed && <Deviations seat={seat} differs={differs} />}
      <PersonActions seat={seat} />
      <PeekSection seat={seat} errorText={errorText} />
      <CurrentFacts seat={seat} />
      <RoleFacts seat={seat} />

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

      <PersonHistory room={room} seat={seat} hasLog={can('ledger.read')} />
      {can('ledger.read', room) && <CameInWith room={room} seat={seat} />}
      {can('ledger.read') && <PersonTokens room={room} seat={seat} />}
      <Presence seat={seat} />
    </Box>
  );
}

function Face({ name, identity }: { name: string; identity: string }) {
  const [light, ink, dark, darkInk] = LOOKS[lookOf(identity)]!;
  return (
    <Box
      aria-hidden
      sx={{
        flex: 'none',
        width: 44,
        height: 44,
        borderRadius: '50%',
        display: 'grid',
        placeItems: 'center',
        fontWeight: 650,
        // Not text: the name is beside it.
        '&::before': { content: JSON.stringify(initialsOf(name)) },
        bgcolor: ({ palette }) => (palette.mode === 'dark' ? dark : light),
        color: ({ palette }) => (palette.mode === 'dark' ? darkInk : ink),
      }}
    />
  );
}

/** The role, and for how long; what comes after it is in the reasons. */
function RoleNow({ seat }: { seat: Seat }) {
  const now = useSeconds();
  const translate = useTranslate();
  if (!seat.role?.template) return null;
  return (
    <Box sx={{ display: 'flex', flexWrap: 'wrap', columnGap: 1, fontSize: '.8125rem' }}>
      <RoleChip template={seat.role.template} />
      {seat.override?.until && (
        <Box component="span" sx={{ color: 'warning.main', lineHeight: '20px' }}>
          {translate('room_console.source.lease', { left: timeLeft(seat.override.until, now) })}
        </Box>
      )}
    </Box>
  );
}

interface DeviationsProps {
  seat: Seat;
  /** What LiveKit does not have as the role says; null when it has all of it. */
  differs: string[] | null;
}

/** What the tiles do not show: ears, being hidden, and what is still to be applied. */
function Deviations({ seat, differs }: DeviationsProps) {
  const translate = useTranslate();
  const observed: Record<string, unknown> = seat.observed ?? {};
  const texts = [
    !hasFlag(observed, 'subscribe') && translate('room_console.panel.no_subscribe'),
    hasFlag(observed, 'hidden') && translate('room_console.panel.is_hidden'),
  ].filter((text) => text !== false);
  return (
    <>
      {texts.length > 0 && <Sentences texts={texts} />}
      {differs !== null && (
        <Box sx={{ color: 'info.main', fontSize: '.8125rem' }}>
          <span>{translate('room_console.panel.differs')}</span>
          <Sentences texts={differs} />
        </Box>
      )}
    </>
  );
}

/** The state of this person: since when, and who caused it. */
function CurrentFacts({ seat }: { seat: Seat }) {
  const translate = useTranslate();
  const now = useSeconds();
  const facts: { label: string; value: ReactNode }[] = [];
  const add = (key: string, value: ReactNode) =>
    facts.push({ label: translate(`room_console.panel.${key}`), value });
  if (seat.hand) {
    add('hand', [waitedFor(seat.hand.since, now), seat.hand.note].filter(Boolean).join(' · '));
  }
  if (seat.override?.until) {
    add('lease', `${clockTime(seat.override.until)} · ${timeLeft(seat.override.until, now)}`);
  }
  if (seat.hold) {
    const { sources, by, byKind, until, reason } = seat.hold;
    const who = actorText(by, byKind, translate);
    add('hold', [inWords(sources, translate), who, until && clockTime(until), reason]);
  }
  const ofScene = (seat.withheld?.sources ?? []).filter(
    (source) => !seat.hold?.sources.includes(source),
  );
  if (ofScene.length > 0) add('scene', inWords(ofScene, translate));
  if (seat.aboveCeiling?.length) {
    add('above_ceiling', translate('room_console.panel.above_ceiling_text'));
  }
  if (seat.peeksAt) add('peek', seat.peeksAt);
  if (seat.isSilent) {
    const why = translate(`room_console.panel.silent_why.${seat.silentWhy ?? 'hidden'}`);
    const since = seat.silentSince ?? seat.joinedAt;
    const time = since ? clockTime(since) : '–';
    add('silent', translate('room_console.panel.silent_since', { time, why }));
  }
  if (seat.isPresent && seat.kind === 'whip') {
    add('connection', translate('room_console.panel.by_whip'));
  }
  if (seat.isUnlisted) {
    add('user', translate('room_console.panel.unlisted'));
  }
  if (facts.length === 0) return null;
  return (
    <Box sx={{ mt: 2 }}>
      <Facts facts={facts.map((fact) => ({ ...fact, value: joined(fact.value) }))} />
    </Box>
  );
}

const joined = (value: ReactNode) =>
  Array.isArray(value) ? value.filter(Boolean).join(' · ') : value;

const inWords = (sources: readonly string[], translate: ReturnType<typeof useTranslate>) =>
  sources.map((source) => translate(`room_console.tracks.${source}`, { _: source })).join(', ');

/** Who gave an override or a block. */
interface Given {
  by?: string | null;
  byKind?: ActorKind | null;
}

function RoleFacts({ seat }: { seat: Seat }) {
  const translate = useTranslate();
  const by = (given: Given, key: string) =>
    given.by &&
    translate(`room_console.panel.${key}`, { by: actorText(given.by, given.byKind, translate) });
  const why = (reason: string | null | undefined) =>
    reason && translate('room_console.panel.reason', { reason });
  return (
    <Section title={translate('room_console.panel.role')}>
      {seat.role?.template ? (
        <RoleChip template={seat.role.template} version={seat.role.version} />
      ) : (
        <span>{translate('room_console.source.none')}</span>
      )}{' '}
      {seat.role?.template && (
        <Typography component="span" variant="body2" color="text.secondary">
          {translate(`room_console.source.${seat.role.source ?? 'none'}`)}
        </Typography>
      )}
      {seat.override && (
        <Typography variant="body2" color="text.secondary">
          {joined([by(seat.override, 'override_by'), why(seat.override.reason)])}
        </Typography>
      )}
      {seat.block && (
        <Typography variant="body2" color="error">
          {joined([
            by(seat.block, 'blocked_by'),
            seat.block.until && clockTime(seat.block.until),
            why(seat.block.reason),
          ])}
        </Typography>
      )}
    </Section>
  );
}

function Presence({ seat }: { seat: Seat }) {
  const translate = useTranslate();
  return (
    <Section title={translate('room_console.panel.presence')}>
      <Facts
        facts={[
          {
            label: translate('room_console.panel.state'),
            value: translate(`room_console.states.${seat.isPresent ? seat.state : 'absent'}`, {
              _: seat.state,
            }),
          },
          {
            label: translate('room_console.panel.joined'),
            value: seat.isPresent ? <TimeText at={seat.joinedAt} /> : '–',
          },
          { label: translate('room_console.panel.epoch'), value: seat.epoch },
          {
            label: translate('room_console.panel.user'),
            value: seat.user ? (
              <Link component={RouterLink} to={`/users/${encodeURIComponent(seat.user)}`}>
                {nameOf(seat)}
              </Link>
            ) : (
              translate('room_console.panel.unknown_user')
            ),
          },
        ]}
      />
    </Section>
  );
}

function StatusLine({ tone, text }: Status) {
  return (
    <Box className={`status ${tone}`} sx={STATUS_LINE}>
      <span className="said">
        <StatusSign tone={tone} />
        <span>{text}</span>
      </span>
    </Box>
  );
}

const STATUS_LINE = [
  { my: 1, fontWeight: 550 },
  (theme: Theme) => statusStyles(theme, '&') as SystemStyleObject<Theme>,
];

function Sentences({ texts }: { texts: readonly string[] }) {
  return (
    <Box component="ul" sx={{ m: 0, pl: 2.25, fontSize: '.8125rem' }}>
      {texts.map((text) => (
        <li key={text}>{text}</li>
      ))}
    </Box>
  );
}
