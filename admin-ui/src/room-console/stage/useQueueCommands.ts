import { useCallback } from 'react';
import { useTranslate } from 'react-admin';
import type { DialogControls } from '../commands/useOpenDialog';
import type { SeatRules } from '../commands/useSeatRules';
import type { ShowNotice } from '../notices/useNotices';
import type { Approvals } from './useApprovals';

/** With more raised hands than these, the number has to be typed first. */
const MANY = 50;

interface QueueCommandsOptions {
  waiting: number;
  approvals: Approvals;
  rules: SeatRules;
  dialogs: DialogControls;
  showNotice: ShowNotice;
  refocus: () => void;
}

/** What a key or a button does to the whole queue, or says why it cannot. */
export function useQueueCommands(options: QueueCommandsOptions) {
  const { waiting, approvals, rules, dialogs, showNotice, refocus } = options;
  const { openDialog } = dialogs;
  const translate = useTranslate();

  const approveNext = () => {
    const obstacle = rules.unreachable ?? rules.refusal('stage.manage');
    if (obstacle !== null) showNotice(obstacle, 'bad');
    else if (waiting === 0) showNotice(translate('room_stage.no_hands'));
    else void approvals.next();
  };
  const approveAll = useCallback(() => {
    if (waiting > MANY) openDialog({ kind: 'approveAll', count: waiting });
    else void approvals.all().finally(refocus);
  }, [waiting, approvals, openDialog, refocus]);

  return { approveNext, approveAll };
}
