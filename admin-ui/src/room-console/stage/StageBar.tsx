import { memo, useEffect, useRef, useState } from 'react';
import { useTranslate } from 'react-admin';
import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import type { Stage, StageLimit } from '../../providers/records';
import { GuardedButton } from '../../shared/GuardedButton';
import { useTemplates } from '../../shared/useTemplates';
import { HandSign } from '../HandSign';
import { waitedFor } from '../seatWords';
import type { Say } from '../useNotice';
import { useSeconds } from '../useSeconds';
import { LimitsPopover } from './LimitsPopover';
import type { Approvals } from './useApprovals';
import type { StageDesk } from './useStage';

export interface StageBarProps {
  desk: StageDesk;
  approvals: Approvals;
  canManage: boolean;
  canLimit: boolean;
  isReachable: boolean;
  say: Say;
  onShow: (identity: string) => void;
  onApproveAll: () => void;
  /** What was pressed may be gone: the focus has to go somewhere. */
  onDone: () => void;
}

const limited = (stage: Stage) => stage.limits.filter(({ slots }) => slots !== null);
const isFull = ({ free }: StageLimit) => free !== null && free <= 0;

/** Who is next, how many places there are, and the answers to the whole queue. */
export const StageBar = memo(function StageBar(props: StageBarProps) {
  const { desk, approvals, canManage, canLimit, isReachable, onShow, onDone } = props;
  const translate = useTranslate();
  const { stage } = desk;
  useSlotNews(stage, props.say);
  const limits = stage ? limited(stage) : [];
  const all = limits.length > 0 ? 'approve_fitting' : 'approve_all';
  const unreachable = isReachable ? null : translate('room_console.cannot.unreachable');
  const obstacle = unreachable ?? (approvals.isBusy ? translate('room_stage.busy') : null);
  if (!stage || (stage.hands.length === 0 && limits.length === 0)) return null;
  return (
    <Box
      role="region"
      aria-label={translate('room_stage.label')}
      sx={{
        display: 'flex',
        flexWrap: 'wrap',
        alignItems: 'center',
        columnGap: 1.5,
        rowGap: 0.5,
        fontSize: '.8125rem',
        '@media (pointer: coarse)': { '& button': { minHeight: 44 } },
      }}
    >
      {stage.hands.length > 0 && (
        <Box component="span" sx={{ color: 'warning.main', fontWeight: 600 }}>
          <HandSign /> {translate('room_stage.waiting', { smart_count: stage.hands.length })}
        </Box>
      )}
      <Next stage={stage} onShow={onShow} />
      {canManage && stage.hands.length > 0 && (
        <>
          <GuardedButton
            variant="outlined"
            obstacle={obstacle}
            onClick={() => void approvals.next().finally(onDone)}
          >
            {translate('room_stage.approve_next')}
          </GuardedButton>
          {stage.hands.length > 1 && (
            <GuardedButton
              aria-label={translate(`room_stage.${all}_label`)}
              obstacle={obstacle}
              onClick={props.onApproveAll}
              sx={{ px: 1, minWidth: 0 }}
            >
              {translate(`room_stage.${all}`)}
            </GuardedButton>
          )}
        </>
      )}
      <Box sx={{ flex: { sm: 1 } }} />
      <Places desk={desk} limits={limits} canLimit={canLimit} />
    </Box>
  );
});

interface NextProps {
  stage: Stage;
  onShow: (identity: string) => void;
}

/** Who waits longest, and whether there is a place for them. */
function Next({ stage, onShow }: NextProps) {
  const translate = useTranslate();
  const next = stage.hands.find(({ identity }) => identity === stage.next) ?? stage.hands[0];
  if (!next) return null;
  const hasPlace = stage.next !== null && limited(stage).length > 0;
  const isWaiting = stage.next === null && limited(stage).some(isFull);
  const label = hasPlace ? 'next_free' : isWaiting ? 'next_waits' : 'next';
  return (
    <Box
      component="span"
      sx={{ display: 'inline-flex', alignItems: 'center', gap: 0.5, minWidth: 0 }}
    >
      <Box component="span" sx={{ color: hasPlace ? 'success.main' : undefined, flex: 'none' }}>
        {translate(`room_stage.${label}`)}
      </Box>
      <Button
        onClick={() => onShow(next.identity)}
        sx={{ p: 0.5, minWidth: 0, maxWidth: { xs: 110, sm: 220 } }}
      >
        <Box component="bdi" sx={ONE_LINE}>
          {next.name || next.identity}
        </Box>
      </Button>
      <Waited since={next.since} />
    </Box>
  );
}

const ONE_LINE = { overflow: 'hidden', textOverflow: 'ellipsis', whiteSpace: 'nowrap' } as const;

interface PlacesProps {
  desk: StageDesk;
  limits: readonly StageLimit[];
  canLimit: boolean;
}

/** "Speaker: 2 of 6"; for who may, the way to change it. */
function Places({ desk, limits, canLimit }: PlacesProps) {
  const translate = useTranslate();
  const { byKey } = useTemplates();
  const [anchor, setAnchor] = useState<HTMLElement | null>(null);
  const places = limits.map((limit) => (
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
  if (!canLimit || places.length === 0) return <>{places}</>;
  return (
    <>
      <Button
        aria-haspopup="dialog"
        title={translate('room_stage.limits')}
        onClick={(event) => setAnchor(event.currentTarget)}
        sx={{ gap: 1.5, px: 0.5, fontWeight: 400 }}
      >
        {places}
      </Button>
      {anchor && <LimitsPopover desk={desk} anchor={anchor} onClose={() => setAnchor(null)} />}
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

/** Tells when a place frees and somebody has been waiting for it. */
function useSlotNews(stage: Stage | null, say: Say) {
  const translate = useTranslate();
  const wasWaiting = useRef(false);
  useEffect(() => {
    if (!stage) return;
    const next = stage.hands.find(({ identity }) => identity === stage.next);
    if (wasWaiting.current && next) {
      say(translate('room_stage.slot_free', { name: next.name || next.identity }));
    }
    wasWaiting.current =
      stage.next === null &&
      stage.hands.some(({ isPresent }) => isPresent) &&
      limited(stage).some(isFull);
  }, [stage, say, translate]);
}
