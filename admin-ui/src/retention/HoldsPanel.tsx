import { useState } from 'react';
import { useLocale, useTranslate } from 'react-admin';
import Button from '@mui/material/Button';
import Box from '@mui/material/Box';
import Checkbox from '@mui/material/Checkbox';
import FormControlLabel from '@mui/material/FormControlLabel';
import Skeleton from '@mui/material/Skeleton';
import Typography from '@mui/material/Typography';
import type { LegalHold } from '@rolecall/server/api';
import { usePermissionSet } from '../session/usePermissionSet';
import { ErrorState } from '../shared/ErrorState';
import { operatorHistoryPath, personPath, roomHistoryPath } from '../shared/historyPaths';
import { Panel } from '../shared/Panel';
import { StatusBadge } from '../shared/StatusBadge';
import { TextLink } from '../shared/TextLink';
import { TimeText } from '../shared/TimeText';
import { absoluteTime } from '../shared/time';
import { useHeldName } from './heldName';
import { LiftDialog, PlaceDialog } from './HoldDialogs';
import { Row, Rows } from './Rows';
import { useHolds } from './retentionApi';

type Open = { sort: 'place' } | { sort: 'lift'; hold: LegalHold };

const PATHS = { person: personPath, room: roomHistoryPath, operator: operatorHistoryPath };

export function HoldsPanel() {
  const translate = useTranslate();
  const mayChange = usePermissionSet()('ledger.retain');
  const [hasLifted, setHasLifted] = useState(false);
  const [open, setOpen] = useState<Open | null>(null);
  const { data, error, refetch } = useHolds(hasLifted ? undefined : 'active');
  const text = (name: string, more = {}) => translate(`retention.holds.${name}`, more);
  const holds = data?.data ?? [];
  const close = () => setOpen(null);
  return (
    <Panel
      title={text('title')}
      text={text('text')}
      action={
        mayChange && (
          <Button
            variant="outlined"
            sx={{ flex: 'none' }}
            onClick={() => setOpen({ sort: 'place' })}
          >
            {text('place')}
          </Button>
        )
      }
    >
      {error ? (
        <ErrorState error={error} onRetry={() => void refetch()} />
      ) : !data ? (
        <Skeleton height={48} animation={false} />
      ) : holds.length === 0 ? (
        <Typography variant="body2">{text('empty')}</Typography>
      ) : (
        <Rows>
          {holds.map((hold) => (
            <Hold
              key={hold.id}
              hold={hold}
              onLift={mayChange ? () => setOpen({ sort: 'lift', hold }) : null}
            />
          ))}
        </Rows>
      )}
      <FormControlLabel
        sx={{ mt: 0.5 }}
        control={
          <Checkbox
            size="small"
            checked={hasLifted}
            onChange={({ target }) => setHasLifted(target.checked)}
          />
        }
        label={text('show_lifted')}
      />
      {open?.sort === 'place' && <PlaceDialog onClose={close} />}
      {open?.sort === 'lift' && <LiftDialog hold={open.hold} onClose={close} />}
    </Panel>
  );
}

function Hold({ hold, onLift }: { hold: LegalHold; onLift: (() => void) | null }) {
  const translate = useTranslate();
  const locale = useLocale();
  const nameOf = useHeldName();
  const text = (name: string, more = {}) => translate(`retention.holds.${name}`, more);
  const { on, name, reason, placedAt, placedBy, liftedAt, liftedBy, liftReason } = hold;
  const isActive = liftedAt === null;
  return (
    <Row
      isMuted={!isActive}
      title={
        <>
          <span>{`${text(`on.${on}`)} `}</span>
          {name === null ? (
            <span>{nameOf(hold)}</span>
          ) : (
            <TextLink to={PATHS[on](name)}>
              <bdi translate="no">{nameOf(hold)}</bdi>
            </TextLink>
          )}{' '}
          <StatusBadge tone={isActive ? 'info' : 'neutral'}>
            {text(isActive ? 'active' : 'lifted')}
          </StatusBadge>
        </>
      }
      actions={
        isActive &&
        onLift && (
          <Button aria-label={text('lift_named', { what: nameOf(hold) })} onClick={onLift}>
            {text('lift')}
          </Button>
        )
      }
    >
      <Box sx={{ color: 'text.primary', overflowWrap: 'anywhere' }}>{reason}</Box>
      <Box>{`${text('entries')}: ${timesText(hold, locale, text)}`}</Box>
      <Box>
        <span>{text('placed')}</span> <TimeText at={placedAt} />{' '}
        <span>{text('by', { name: placedBy })}</span>
        {!isActive && (
          <>
            <span>{' · '}</span>
            <span>{text('lifted')}</span> <TimeText at={liftedAt} />{' '}
            <span>{text('by', { name: liftedBy ?? '' })}</span>
          </>
        )}
      </Box>
      {liftReason && (
        <Box sx={{ overflowWrap: 'anywhere' }}>{`${text('why_lifted')}: ${liftReason}`}</Box>
      )}
    </Row>
  );
}

function timesText(
  { from, to }: LegalHold,
  locale: string,
  text: (name: string, more?: object) => string,
): string {
  const at = (time: string) => absoluteTime(new Date(time), locale);
  if (from !== null && to !== null) return text('between', { from: at(from), to: at(to) });
  if (from !== null) return text('from', { from: at(from) });
  if (to !== null) return text('until', { to: at(to) });
  return text('all');
}
