import { useCallback, useMemo, useState } from 'react';
import { requiredContext } from '../../shared/requiredContext';
import type { BulkRequest } from './bulkRequest';

export type RoleChange = 'promote' | 'demote' | 'approve' | 'invite';

/** The menu or dialog that is open above the list; there is never more than one. */
export type OpenDialog =
  | { kind: 'menu'; identity: string; anchor: HTMLElement }
  | {
      kind: 'roles';
      change: RoleChange;
      identities: string[];
      anchor: HTMLElement;
      reason?: string;
    }
  | { kind: 'removal'; mode: 'remove' | 'block'; identities: string[]; reason: string }
  | { kind: 'decline'; identity: string }
  | { kind: 'voidTokens'; identity: string }
  | { kind: 'many'; request: BulkRequest; error?: unknown }
  | { kind: 'approveAll'; count: number };

export interface DialogControls {
  openDialog: (dialog: OpenDialog) => void;
  closeDialog: () => void;
}

export const [DialogControlsProvider, useDialogControls] =
  requiredContext<DialogControls>('DialogControls');

export function useOpenDialog(refocus: () => void) {
  const [opened, openDialog] = useState<OpenDialog | null>(null);
  const closeDialog = useCallback(() => {
    openDialog(null);
    refocus();
  }, [refocus]);
  const controls = useMemo<DialogControls>(
    () => ({ openDialog, closeDialog }),
    [openDialog, closeDialog],
  );
  return { opened, controls };
}
