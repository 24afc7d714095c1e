import { useCallback, useLayoutEffect, useMemo, useRef, useState } from 'react';
import { useTranslate } from 'react-admin';
import { problemOf } from '../../api/problem';
import { useErrorText } from '../../shared/useErrorText';
import { useTemplates } from '../../shared/useTemplates';
import type { SeatActions } from '../commands/seatActions';
import { SETTLE_MS } from '../pointer/shiftGuard';
import type { Say } from '../notices/useNotice';
import { type ApprovedHand, type FullStage, nextOf, type StageDesk } from './useStage';

interface Means {
  desk: StageDesk;
  actions: SeatActions;
  nameOf: (identity: string) => string;
  say: Say;
}

/** Of those who were passed over, so many are named. */
const MOST_NAMED = 3;

/** The answers to the whole queue. Each person let up can be undone, as if approved by themselves. */
export function useApprovals({ desk, actions, nameOf, say }: Means) {
  const translate = useTranslate();
  const errorText = useErrorText();
  const { byKey } = useTemplates();
  const { stage, approveNext, approveAll, reload } = desk;
  const [isBusy, setIsBusy] = useState(false);
  const isRunning = useRef(false);

  const sayFull = useCallback(
    ({ template, slots }: FullStage) => {
      const role = byKey.get(template)?.name ?? template;
      const next = stage?.hands.find(({ isPresent }) => isPresent)?.identity;
      const full = translate('room_stage.full', { role, smart_count: slots });
      const inLine = next && translate('room_stage.in_line', { name: nameOf(next) });
      say([full, inLine].filter(Boolean).join(' '), 'bad');
    },
    [byKey, stage, translate, nameOf, say],
  );

  const sayPassedOver = useCallback(
    (people: readonly { identity: string; detail: string }[]) => {
      if (people.length === 0) return;
      const named = people
        .slice(0, MOST_NAMED)
        .map(({ identity, detail }) => `${nameOf(identity)} – ${detail}`)
        .join(' ');
      const rest = people.length - MOST_NAMED;
      const more = rest > 0 ? ` ${translate('room_stage.more', { smart_count: rest })}` : '';
      say(translate('room_stage.passed_over', { people: named + more }));
    },
    [nameOf, translate, say],
  );

  /** One at a time: whoever presses twice because nothing has come yet means it once. */
  const run = useCallback(
    async (ask: (startedAt: number) => Promise<void>) => {
      if (isRunning.current) return;
      isRunning.current = true;
      setIsBusy(true);
      try {
        await ask(performance.now());
      } catch (error) {
        const problem = problemOf(error);
        if (problem?.code === 'stage.full') sayFull(problem as unknown as FullStage);
        else if (problem?.code === 'stage.next_changed')
          say(translate('room_stage.next_changed'), 'bad');
        else say(errorText(error), 'bad');
      } finally {
        // The answer to the last press names somebody else; only then is there a next.
        await reload().catch(() => undefined);
        isRunning.current = false;
        setIsBusy(false);
      }
    },
    [sayFull, say, translate, errorText, reload],
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
      say(translate('room_stage.next_changed'), 'bad');
      return;
    }
    await run(async (startedAt) => {
      const { skipped, ...hand } = await approveNext(named);
      adopt(hand, startedAt);
      sayPassedOver(skipped);
    });
  }, [named, namedSince, say, translate, run, approveNext, adopt, sayPassedOver]);
  const all = useCallback(
    () =>
      run(async (startedAt) => {
        const { approved, failed, full } = await approveAll();
        for (const hand of approved) adopt(hand, startedAt);
        if (full) sayFull(full);
        else sayPassedOver(failed);
      }),
    [run, approveAll, adopt, sayFull, sayPassedOver],
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
