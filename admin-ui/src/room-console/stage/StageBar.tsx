import { memo, useEffect, useRef, useState } from 'react';
import { useTranslate } from 'react-admin';
import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import { alpha, styled } from '@mui/material/styles';
import type { Stage, StageLimit } from '../../api/records';
import { Mono } from '../../shared/Mono';
import { GuardedButton } from '../../shared/GuardedButton';
import { useTemplates } from '../../shared/useTemplates';
import { visuallyHidden } from '../../shared/visuallyHidden';
import { HandSign } from '../seat/HandSign';
import { waitedFor } from '../seat/times';
import { type ShowNotice, useShowNotice } from '../notices/useNotices';
import { useSeconds } from '../seat/useSeconds';
import { LimitsPopover } from './LimitsPopover';
import type { Approvals } from './useApprovals';
import { nextOf, type RoomStage } from './useStage';
import { nameOf } from '../../shared/nameOf';

export interface StageBarProps {
  roomStage: RoomStage;
  approvals: Approvals;
  canManage: boolean;
  canLimit: boolean;
  isReachable: boolean;
  onShow: (identity: string) => void;
  onApproveAll: () => void;
  /** The pressed button may be gone, so the focus has to move. */
  onDone: () => void;
}

const limited = (stage: Stage) => stage.limits.filter(({ slots }) => slots !== null);
const isFull = ({ free }: StageLimit) => free !== null && free <= 0;

/** Who is next, how many places there are, and the answers to the whole queue. */
export const StageBar = memo(function StageBar(props: StageBarProps) {
  const { roomStage, approvals, canManage, canLimit, isReachable, onShow, onDone } = props;
  const translate = useTranslate();
  const { stage } = roomStage;
  useFreePlaceNotice(stage, useShowNotice());
  const limits = stage ? limited(stage) : [];
  const all = limits.length > 0 ? 'approve_fitting' : 'approve_all';
  const unreachable = isReachable ? null : translate('room_console.cannot.unreachable');
  const obstacle = unreachable ?? (approvals.isBusy ? translate('room_stage.busy') : null);
  const hands = stage?.hands.length ?? 0;
  return (
    <Bar role="region" aria-label={translate('room_stage.label')} data-waits={hands > 0}>
      {/* Before the queue is known the place is kept; nothing is said. */}
      {stage && <Waiting count={hands} />}
      {stage && <Next stage={stage} onShow={onShow} />}
      <Box sx={{ flex: 1 }} />
      <Places roomStage={roomStage} limits={limits} canLimit={canLimit} />
      {canManage && hands > 0 && (
        <>
          {hands > 1 && (
            <GuardedButton
              className="all"
              aria-label={translate(`room_stage.${all}_label`)}
              obstacle={obstacle}
              onClick={props.onApproveAll}
              sx={{ px: 1, minWidth: 0 }}
            >
              {translate(`room_stage.${all}`)}
            </GuardedButton>
          )}
          {/* Last, so that it does not move with the length of the name. */}
          <GuardedButton
            variant="contained"
            className="next"
            data-about={stage ? nextOf(stage)?.identity : undefined}
            data-unasked
            obstacle={obstacle}
            onClick={() => void approvals.next().finally(onDone)}
          >
            {translate('room_stage.approve_next')}
          </GuardedButton>
        </>
      )}
    </Bar>
  );
});

/** Always there and always as high, so that a raised hand moves no row. */
const Bar = styled('div')(({ theme }) => ({
  flex: 'none',
  display: 'flex',
  alignItems: 'center',
  gap: 12,
  height: 40,
  paddingInline: 8,
  overflowX: 'auto',
  overflowY: 'hidden',
  scrollbarWidth: 'none',
  border: `1px solid ${theme.palette.divider}`,
  borderRadius: theme.shape.borderRadius,
  fontSize: '.8125rem',
  whiteSpace: 'nowrap',
  '& > *': { flexShrink: 0 },
  '&[data-waits=true]': {
    borderColor: theme.palette.warning.main,
    backgroundColor: alpha(theme.palette.warning.main, 0.08),
  },
  '@media (pointer: coarse)': { height: 50, '& button': { minHeight: 44 } },
  // What the numbers and names say is enough where there is no room for the words.
  '@media (max-width: 599px)': {
    gap: 6,
    marginInline: 8,
    '& .words': visuallyHidden,
    '&[data-waits=true] .places': { display: 'none' },
    // The answer to all is a swipe away; the one to the next stays under the thumb.
    '& .next': { position: 'sticky', insetInlineEnd: 0 },
    '& .all': { order: 1 },
  },
}));

function Waiting({ count }: { count: number }) {
  const translate = useTranslate();
  if (count === 0) {
    return (
      <Box component="span" sx={{ color: 'text.secondary' }}>
        {translate('room_stage.no_hands')}
      </Box>
    );
  }
  return (
    <Box component="span" sx={{ color: 'warning.main', fontWeight: 600 }}>
      <HandSign />{' '}
      <Box component="span" aria-hidden sx={{ display: { sm: 'none' } }}>
        {count}
      </Box>
      <span className="words">{translate('room_stage.waiting', { smart_count: count })}</span>
    </Box>
  );
}

interface NextProps {
  stage: Stage;
  onShow: (identity: string) => void;
}

/** Who is next, and whether there is a place for them. */
function Next({ stage, onShow }: NextProps) {
  const translate = useTranslate();
  const next = nextOf(stage);
  if (!next) return null;
  const name = nameOf(next);
  const hasPlace = stage.next !== null && limited(stage).length > 0;
  const isWaiting = stage.next === null && limited(stage).some(isFull);
  const label = hasPlace ? 'next_free' : isWaiting ? 'next_waits' : 'next';
  return (
    <Box
      component="span"
      sx={{ display: 'inline-flex', alignItems: 'center', gap: 0.5, minWidth: 0 }}
    >
      <Box
        component="span"
        className="words"
        sx={{ color: hasPlace ? 'success.main' : undefined, flex: 'none' }}
      >
        {translate(`room_stage.${label}`)}
      </Box>
      <Button
        onClick={() => onShow(next.identity)}
        sx={{ p: 0.5, minWidth: 0, maxWidth: { xs: 150, sm: 220 } }}
      >
        <Box component="bdi" translate="no" sx={ONE_LINE}>
          {name}
        </Box>
        {name !== next.identity && (
          <Box component="span" sx={{ ...ONE_LINE, ml: 0.5, flex: 'none', maxWidth: '50%' }}>
            <Mono>{next.identity}</Mono>
          </Box>
        )}
      </Button>
      <Waited since={next.since} />
    </Box>
  );
}

const ONE_LINE = { overflow: 'hidden', textOverflow: 'ellipsis', whiteSpace: 'nowrap' } as const;

interface PlacesProps {
  roomStage: RoomStage;
  limits: readonly StageLimit[];
  canLimit: boolean;
}

/** "Speaker: 2 of 6"; for who may, the way to change it. */
function Places({ roomStage, limits, canLimit }: PlacesProps) {
  const translate = useTranslate();
  const { byKey } = useTemplates();
  const [anchor, setAnchor] = useState<HTMLElement | null>(null);
  const words = limits.map((limit) => (
    <Box
      key={limit.template}
      component="span"
      sx={{ color: isFull(limit) ? 'warning.main' : 'text.secondary', whiteSpace: 'nowrap' }}
    >
      {translate(`room_stage.${isFull(limit) ? 'slots_full' : 'slots'}`, {
        role: byKey.get(limit.template)?.name ?? limit.template,
        taken: limit.taken,
        slots: limit.slots,
      })}
    </Box>
  ));
  if (words.length === 0) return null;
  const places = (
    <Box className="places" component="span" sx={{ display: 'inline-flex', gap: 1.5 }}>
      {words}
    </Box>
  );
  if (!canLimit) return places;
  return (
    <>
      <Button
        className="places"
        aria-haspopup="dialog"
        title={translate('room_stage.limits')}
        onClick={(event) => setAnchor(event.currentTarget)}
        sx={{ gap: 1.5, px: 0.5, fontWeight: 400 }}
      >
        {places}
      </Button>
      {anchor && (
        <LimitsPopover roomStage={roomStage} anchor={anchor} onClose={() => setAnchor(null)} />
      )}
    </>
  );
}

function Waited({ since }: { since: string }) {
  return (
    <Box component="span" sx={{ fontVariantNumeric: 'tabular-nums' }}>
      {waitedFor(since, useSeconds())}
    </Box>
  );
}

/** Says when a place becomes free that somebody was waiting for. */
function useFreePlaceNotice(stage: Stage | null, showNotice: ShowNotice) {
  const translate = useTranslate();
  const wasWaiting = useRef(false);
  useEffect(() => {
    if (!stage) return;
    const next = stage.hands.find(({ identity }) => identity === stage.next);
    if (wasWaiting.current && next) {
      showNotice(translate('room_stage.slot_free', { name: nameOf(next) }));
    }
    wasWaiting.current =
      stage.next === null &&
      stage.hands.some(({ isPresent }) => isPresent) &&
      limited(stage).some(isFull);
  }, [stage, showNotice, translate]);
}
