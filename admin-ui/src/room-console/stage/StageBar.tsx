import { memo, type ReactNode, useEffect, useRef, useState } from 'react';
import { useTranslate } from 'react-admin';
import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import type { Stage, StageLimit } from '../../providers/records';
import { useAnnounce } from '../../shared/announce';
import { problemOf } from '../../shared/problem';
import { useErrorText } from '../../shared/useErrorText';
import { useTemplates } from '../../shared/useTemplates';
import { HandSign } from '../HandSign';
import { waitedFor } from '../seatWords';
import { useSeconds } from '../useSeconds';
import { LimitsPopover } from './LimitsPopover';
import type { StageDesk } from './useStage';

export interface StageBarProps {
  desk: StageDesk;
  canManage: boolean;
  canLimit: boolean;
  isReachable: boolean;
  onShow: (identity: string) => void;
  /** What was pressed may be gone: the focus has to go somewhere. */
  onDone: () => void;
}

const limited = (stage: Stage) => stage.limits.filter(({ slots }) => slots !== null);

/** Who is next, how many places there are, and the answers to the whole queue. */
export const StageBar = memo(function StageBar(props: StageBarProps) {
  const { desk, canManage, canLimit, isReachable, onShow, onDone } = props;
  const translate = useTranslate();
  const { stage } = desk;
  const { problem, answer } = useAnswer(onDone);
  const [anchor, setAnchor] = useState<HTMLElement | null>(null);
  useSlotNews(stage);
  if (!stage || (stage.hands.length === 0 && limited(stage).length === 0 && !canLimit)) return null;
  const next = stage.hands.find(({ identity }) => identity === stage.next) ?? stage.hands[0];
  const isIdle = stage.hands.length === 0 && limited(stage).length === 0;
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
        color: isIdle ? 'text.secondary' : 'text.primary',
      }}
    >
      {stage.hands.length > 0 && (
        <Box component="span" sx={{ color: 'warning.main', fontWeight: 600 }}>
          <HandSign /> {translate('room_stage.waiting', { smart_count: stage.hands.length })}
        </Box>
      )}
      {next && (
        <span>
          {translate('room_stage.next')}{' '}
          <Button onClick={() => onShow(next.identity)} sx={{ p: 0.5, minWidth: 0 }}>
            <bdi>{next.name || next.identity}</bdi>
          </Button>{' '}
          <Waited since={next.since} />
        </span>
      )}
      {canManage && stage.hands.length > 0 && (
        <>
          <Button
            variant="outlined"
            disabled={!isReachable}
            onClick={() => void answer(desk.approveNext)}
          >
            {translate('room_stage.approve_next')}
          </Button>
          {stage.hands.length > 1 && (
            <Button disabled={!isReachable} onClick={() => void answer(desk.approveAll)}>
              {translate('room_stage.approve_all')}
            </Button>
          )}
        </>
      )}
      <Problem>{problem}</Problem>
      <Box sx={{ flex: { sm: 1 } }} />
      {limited(stage).map((limit) => (
        <Slots key={limit.template} limit={limit} />
      ))}
      {canLimit && (
        <Button onClick={(event) => setAnchor(event.currentTarget)} aria-haspopup="dialog">
          {translate('room_stage.limits')}
        </Button>
      )}
      {anchor && <LimitsPopover desk={desk} anchor={anchor} onClose={() => setAnchor(null)} />}
    </Box>
  );
});

/** Carries out an answer to the queue and keeps what the server said against it. */
function useAnswer(onDone: () => void) {
  const translate = useTranslate();
  const errorText = useErrorText();
  const announce = useAnnounce();
  const [problem, setProblem] = useState<string | null>(null);
  const tell = (text: string) => {
    setProblem(text);
    announce(text, 'assertive');
  };
  const answer = async (ask: () => Promise<unknown>) => {
    setProblem(null);
    try {
      const { full } = ((await ask()) ?? {}) as { full?: object | null };
      if (!full) announce(translate('room_stage.approved'));
      else tell(translate('room_console.stage_full', { ...full }));
    } catch (error) {
      const found = problemOf(error);
      const text =
        found?.code === 'stage.full'
          ? translate('room_console.stage_full', { ...found })
          : errorText(error);
      tell(text);
    }
    onDone();
  };
  return { problem, answer };
}

function Problem({ children }: { children: ReactNode }) {
  if (!children) return null;
  return (
    <Box component="span" sx={{ color: 'error.main' }}>
      {children}
    </Box>
  );
}

function Slots({ limit }: { limit: StageLimit }) {
  const translate = useTranslate();
  const { byKey } = useTemplates();
  const isFull = limit.free !== null && limit.free <= 0;
  return (
    <Box component="span" sx={{ color: isFull ? 'warning.main' : 'text.secondary' }}>
      {translate('room_stage.slots', {
        role: byKey.get(limit.template)?.name ?? limit.template,
        taken: limit.taken,
        slots: limit.slots,
      })}
    </Box>
  );
}

function Waited({ since }: { since: string }) {
  return <>{waitedFor(since, useSeconds())}</>;
}

/** Says aloud when a place frees and somebody waits for it. */
function useSlotNews(stage: Stage | null) {
  const announce = useAnnounce();
  const translate = useTranslate();
  const wasFull = useRef(false);
  useEffect(() => {
    if (!stage) return;
    const isFull = limited(stage).some(({ free }) => free !== null && free <= 0);
    const next = stage.hands.find(({ identity }) => identity === stage.next);
    if (wasFull.current && !isFull && next) {
      announce(translate('room_stage.slot_free', { name: next.name || next.identity }));
    }
    wasFull.current = isFull;
  }, [stage, announce, translate]);
}
