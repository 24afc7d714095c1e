import { type ReactNode, useEffect, useId, useRef } from 'react';
import { useLocale, useTranslate } from 'react-admin';
import { useQuery } from '@tanstack/react-query';
import Box from '@mui/material/Box';
import Drawer from '@mui/material/Drawer';
import IconButton from '@mui/material/IconButton';
import Skeleton from '@mui/material/Skeleton';
import Tooltip from '@mui/material/Tooltip';
import Typography from '@mui/material/Typography';
import ArrowDownward from '@mui/icons-material/ArrowDownward';
import ArrowUpward from '@mui/icons-material/ArrowUpward';
import Close from '@mui/icons-material/Close';
import { Link } from 'react-router-dom';
import { getJson, path } from '../api/httpClient';
import type { Because, Issuance, LedgerEntry } from '../api/records';
import { BecauseList } from '../shared/BecauseList';
import { CopyButton } from '../shared/CopyButton';
import { ErrorState } from '../shared/ErrorState';
import { JsonBlock } from '../shared/JsonBlock';
import { Mono } from '../shared/Mono';
import { Facts } from '../shared/Panel';
import { RoleChip } from '../shared/RoleChip';
import { TimeText } from '../shared/TimeText';
import { durationText } from '../shared/time';
import { ComeIn } from './ComeIn';
import { LedgerSentence, templateOf } from './LedgerSentence';
import { OutcomeBadge } from './OutcomeBadge';
import { actorText } from '../shared/actorText';
import { useMe } from '../session/session';
import { may } from '../session/permissions';

type Entry = LedgerEntry & Partial<Issuance>;

export interface EntryDrawerProps {
  id: string;
  route: '/issuances' | '/ledger';
  base: string;
  /** The entry as the list has it; entries never change. */
  known?: LedgerEntry | Issuance;
  onClose: () => void;
  onNewer?: () => void;
  onOlder?: () => void;
}

export function EntryDrawer({
  id,
  route,
  base,
  known,
  onClose,
  onNewer,
  onOlder,
}: EntryDrawerProps) {
  const translate = useTranslate();
  const titleId = useId();
  const closeButton = useRef<HTMLButtonElement>(null);
  const isOpen = id !== '';
  const { data, error, refetch } = useQuery({
    queryKey: [route, 'entry', id],
    queryFn: ({ signal }) => getJson<Entry>(`${route}${path(id)}`, { signal }),
    enabled: isOpen,
    initialData: known,
    staleTime: Infinity,
  });

  useEffect(() => {
    if (!isOpen) return undefined;
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key === 'j' || event.key === 'J') onOlder?.();
      if (event.key === 'k' || event.key === 'K') onNewer?.();
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, [isOpen, onNewer, onOlder]);

  return (
    <Drawer
      anchor="right"
      open={isOpen}
      onClose={onClose}
      slotProps={{
        paper: {
          'aria-labelledby': titleId,
          sx: { width: { xs: '100%', sm: 520 }, maxWidth: '100%' },
        },
        transition: { onEntered: () => closeButton.current?.focus() },
      }}
    >
      <Box
        sx={{
          display: 'flex',
          alignItems: 'center',
          gap: 0.5,
          px: 2,
          py: 1,
          borderBottom: 1,
          borderColor: 'divider',
          position: 'sticky',
          top: 0,
          bgcolor: 'background.paper',
          zIndex: 1,
        }}
      >
        <Typography variant="h2" id={titleId} sx={{ flex: 1 }}>
          {translate(route === '/issuances' ? 'ledger.drawer.issuance' : 'ledger.drawer.entry')}
        </Typography>
        <CopyButton
          text={`${window.location.origin}${base}${path(id)}`}
          label={translate('ledger.drawer.permalink')}
        />
        <Step label={translate('ledger.drawer.previous')} onClick={onNewer}>
          <ArrowUpward sx={{ fontSize: 18 }} />
        </Step>
        <Step label={translate('ledger.drawer.next')} onClick={onOlder}>
          <ArrowDownward sx={{ fontSize: 18 }} />
        </Step>
        <IconButton
          ref={closeButton}
          aria-label={translate('ledger.drawer.close')}
          onClick={onClose}
        >
          <Close sx={{ fontSize: 18 }} />
        </IconButton>
      </Box>
      {data ? (
        <Details entry={data} />
      ) : error ? (
        <ErrorState error={error} onRetry={() => void refetch()} />
      ) : (
        <Box sx={{ p: 2 }} aria-hidden>
          <Skeleton height={48} animation={false} />
          <Skeleton height={160} animation={false} />
        </Box>
      )}
    </Drawer>
  );
}

const Step = ({
  label,
  onClick,
  children,
}: {
  label: string;
  onClick?: () => void;
  children: ReactNode;
}) => (
  <Tooltip title={label}>
    <span>
      <IconButton aria-label={label} disabled={!onClick} onClick={onClick}>
        {children}
      </IconButton>
    </span>
  </Tooltip>
);

function Details({ entry }: { entry: Entry }) {
  const translate = useTranslate();
  const locale = useLocale();
  const me = useMe();
  const template = templateOf(entry);
  const because = becauseOf(entry);
  const payload = entry.payload ?? {};
  const effects = payload['effects'];
  const field = (name: string) => translate(`ledger.field.${name}`);
  const facts: { label: string; value: ReactNode }[] = [
    { label: field('at'), value: <TimeText at={entry.at} format="absolute" /> },
    { label: field('outcome'), value: <OutcomeBadge entry={entry} /> },
    { label: field('kind'), value: <Mono>{entry.kind}</Mono> },
  ];
  const add = (name: string, value: ReactNode) => {
    if (value !== null && value !== undefined && value !== '') {
      facts.push({ label: field(name), value });
    }
  };
  add(
    'actor',
    entry.actor && (
      <bdi translate="no">
        {actorText(entry.actor.label || entry.actor.id || '', entry.actor.kind, translate)}
      </bdi>
    ),
  );
  add('identity', entry.identity && <Related name="identity" value={entry.identity} />);
  add('room', entry.room && <Related name="room" value={entry.room} />);
  add('template', template && <RoleChip template={template.key} version={template.version} />);
  add('ttl', typeof entry.ttl === 'number' && durationText(entry.ttl, locale));
  add('expiresAt', entry.expiresAt && <TimeText at={entry.expiresAt} format="absolute" />);
  add('reason', entry.reason && <bdi>{entry.reason}</bdi>);
  add('jti', entry.jti && <Mono>{entry.jti}</Mono>);
  add('tokenHash', entry.tokenHash && <Mono>{entry.tokenHash}</Mono>);
  add('ms', typeof payload['ms'] === 'number' && `${payload['ms']} ms`);
  const operationId = payload['operationId'];
  add('operationId', typeof operationId === 'string' && <Mono>{operationId}</Mono>);
  add('ip', entry.ip && <Mono>{entry.ip}</Mono>);
  add('requestId', entry.requestId && <Mono>{entry.requestId}</Mono>);
  add('seq', <Mono>{String(entry.seq)}</Mono>);
  return (
    <Box sx={{ p: 2, display: 'grid', gap: 2.5, minWidth: 0 }}>
      <Typography sx={{ overflowWrap: 'anywhere' }}>
        <LedgerSentence entry={entry} />
      </Typography>
      <Facts facts={facts.filter(({ value }) => value !== false)} />
      {entry.room && entry.identity && may(me, 'token.preview', entry.room) && (
        <Section title={translate('ledger.come_in.title')}>
          <ComeIn room={entry.room} identity={entry.identity} at={entry.at} />
        </Section>
      )}
      {because.length > 0 && (
        <Section title={translate('ledger.drawer.why')}>
          <BecauseList because={because} />
        </Section>
      )}
      {Array.isArray(effects) && effects.length > 0 && (
        <Section title={translate('ledger.drawer.effects')}>
          <Box component="ul" sx={{ m: 0, pl: 2.5, fontSize: '.8125rem' }}>
            {effects.map((effect, at) => (
              <li key={at}>{textOfEffect(effect)}</li>
            ))}
          </Box>
        </Section>
      )}
      {payload['claims'] !== undefined && (
        <Section title={translate('ledger.drawer.claims')}>
          <JsonBlock value={payload['claims']} label={translate('ledger.drawer.copy_json')} />
          <Typography variant="caption" color="text.secondary">
            {translate('ledger.drawer.secret_note')}
          </Typography>
        </Section>
      )}
      {entry.grants && (
        <Section title={translate('ledger.drawer.grants')}>
          <JsonBlock value={entry.grants} label={translate('ledger.drawer.copy_json')} />
        </Section>
      )}
      {Object.keys(payload).length > 0 && (
        <Section title={translate('ledger.drawer.payload')}>
          <JsonBlock value={payload} label={translate('ledger.drawer.copy_json')} />
        </Section>
      )}
    </Box>
  );
}

const Section = ({ title, children }: { title: string; children: ReactNode }) => (
  <Box sx={{ minWidth: 0 }}>
    <Typography variant="h3" sx={{ mb: 0.75 }}>
      {title}
    </Typography>
    {children}
  </Box>
);

function Related({ name, value }: { name: 'room' | 'identity'; value: string }) {
  const translate = useTranslate();
  return (
    <Tooltip title={`${translate('ledger.drawer.related')} ${value}`}>
      <Box
        component={Link}
        to={`/activity?${new URLSearchParams({ [name]: value })}`}
        sx={{ color: 'primary.main' }}
      >
        <Mono>{value}</Mono>
      </Box>
    </Tooltip>
  );
}

const textOfEffect = (effect: unknown) =>
  typeof effect === 'string'
    ? effect
    : String((effect as { text?: unknown } | null)?.text ?? JSON.stringify(effect));

function becauseOf(entry: Entry): Because[] {
  const because = entry.because ?? entry.payload?.['because'];
  return Array.isArray(because) ? (because as Because[]) : [];
}
