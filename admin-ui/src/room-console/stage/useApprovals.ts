import { useCallback, useLayoutEffect, useMemo, useRef, useState } from 'react';
import { useTranslate } from 'react-admin';
import { problemOf } from '../../api/problem';
import type { ApprovedHand, ApprovedHands } from '@rolecall/server/api';
import { useErrorText } from '../../shared/useErrorText';
import { useTemplates } from '../../shared/useTemplates';
import type { SeatActions } from '../commands/seatActions';
import { SETTLE_MS } from '../pointer/shiftGuard';
import type { ShowNotice } from '../notices/useNotices';
import { nextOf, type RoomStage } from './useStage';

type FullStage = NonNullable<ApprovedHands['full']>;

interface ApprovalOptions {
  roomStage: RoomStage;
  actions: SeatActions;
  nameOf: (identity: string) => string;
  showNotice: ShowNotice;
}

/** At most so many skipped people are named. */
const MOST_NAMED = 3;

/** Approves from the queue. Each approval can be undone on its own. */
export function useApprovals({ roomStage, actions, nameOf, showNotice }: ApprovalOptions) {
  const translate = useTranslate();
  const errorText = useErrorText();
  const { byKey } = useTemplates();
  const { stage, approveNext, approveAll, reload } = roomStage;
  const [isBusy, setIsBusy] = useState(false);
  const isRunning = useRef(false);

  const showFull = useCallback(
    ({ template, slots }: FullStage) => {
      const role = byKey.get(template)?.name ?? template;
      const next = stage?.hands.find(({ isPresent }) => isPresent)?.identity;
      const full = translate('room_stage.full', { role, smart_count: slots });
      const inLine = next && translate('room_stage.in_line', { name: nameOf(next) });
      showNotice([full, inLine].filter(Boolean).join(' '), 'bad');
    },
    [byKey, stage, translate, nameOf, showNotice],
  );

  const showSkipped = useCallback(
    (people: readonly { identity: string; detail: string }[]) => {
      if (people.length === 0) return;
      const named = people
        .slice(0, MOST_NAMED)
        .map(({ identity, detail }) => `${nameOf(identity)} – ${detail}`)
        .join(' ');
      const rest = people.length - MOST_NAMED;
      const more = rest > 0 ? ` ${translate('room_stage.more', { smart_count: rest })}` : '';
      showNotice(translate('room_stage.skipped', { people: named + more }));
    },
    [nameOf, translate, showNotice],
  );

  /** One at a time: a second press before the answer does not approve another person. */
  const run = useCallback(
    async (ask: (startedAt: number) => Promise<void>) => {
      if (isRunning.current) return;
      isRunning.current = true;
      setIsBusy(true);
      try {
        await ask(performance.now());
      } catch (error) {
        const problem = problemOf(error);
        if (problem?.code === 'stage.full') showFull(problem as unknown as FullStage);
        else if (problem?.code === 'stage.next_changed')
          showNotice(translate('room_stage.next_changed'), 'bad');
        else showNotice(errorText(error), 'bad');
      } finally {
        // The answer to the last press names somebody else; only then is there a next.
        await reload().catch(() => undefined);
        isRunning.current = false;
        setIsBusy(false);
      }
    },
    [showFull, showNotice, translate, errorText, reload],
  );
  const named = stage ? nextOf(stage)?.identity : undefined;
  const namedSince = useNamedSince(named);

  const adopt = useCallback(
    ({ identity, requestId, ...answer }: ApprovedHand, startedAt: number) =>
      actions.adopt(identity, { kind: 'approve', request: requestId }, answer, startedAt),
    [actions],
  );

  const next = useCallback(async () => {
    if (performance.now() - namedSince.current < SETTLE_MS) {
      showNotice(translate('room_stage.next_changed'), 'bad');
      return;
    }
    await run(async (startedAt) => {
      const { skipped, ...hand } = await approveNext(named);
      adopt(hand, startedAt);
      showSkipped(skipped);
    });
  }, [named, namedSince, showNotice, translate, run, approveNext, adopt, showSkipped]);
  const all = useCallback(
    () =>
      run(async (startedAt) => {
        const { approved, failed, full } = await approveAll();
        for (const hand of approved) adopt(hand, startedAt);
        if (full) showFull(full);
        else showSkipped(failed);
      }),
    [run, approveAll, adopt, showFull, showSkipped],
  );
  return useMemo(() => ({ next, all, isBusy }), [next, all, isBusy]);
}

/** When the person who is next last changed, also from nobody to somebody. */
function useNamedSince(named: string | undefined) {
  const since = useRef(-Infinity);
  useLayoutEffect(() => {
    since.current = performance.now();
  }, [named]);
  return since;
}

export type Approvals = ReturnType<typeof useApprovals>;
