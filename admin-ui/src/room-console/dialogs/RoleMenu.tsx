import { useState } from 'react';
import { useTranslate } from 'react-admin';
import Box from '@mui/material/Box';
import MenuItem from '@mui/material/MenuItem';
import MenuList from '@mui/material/MenuList';
import Typography from '@mui/material/Typography';
import {
  diffGrants,
  exceeds,
  GRANT_CATALOGUE,
  NO_GRANTS,
  type RoleGrants,
  sourceName,
} from '@rolecall/server/grants';
import type { RoleTemplate, Seat } from '../../api/records';
import { useMe } from '../../session/session';
import { PopoverDialog } from '../../shared/PopoverDialog';
import { RoleChip } from '../../shared/RoleChip';
import { useTemplates } from '../../shared/useTemplates';
import { ExplainedItem } from './ExplainedItem';
import { IdentityLine } from './IdentityLine';
import { LeaseChoice } from './LeaseChoice';
import { nameOf } from '../../shared/nameOf';
import type { RoleChange } from '../commands/useOpenDialog';

export interface RoleMenuProps {
  kind: RoleChange;
  /** Whose role it is about; none for several at once. */
  seat: Seat | null;
  count: number;
  anchor: HTMLElement | null;
  onChoose: (template: string, lease: string | number | undefined) => void;
  onClose: () => void;
}

/** Every published role, with what it would change, and why some cannot be given. */
export function RoleMenu({ kind, seat, count, anchor, onChoose, onClose }: RoleMenuProps) {
  const translate = useTranslate();
  const { published, byKey } = useTemplates();
  const [lease, setLease] = useState<string | number | undefined>(undefined);
  const name = seat ? nameOf(seat) : translate('room_console.bulk.people', { smart_count: count });
  const now = seat ? (byKey.get(seat.role?.template ?? '')?.grants as RoleGrants) : undefined;
  const title = translate(`room_console.promote_menu.${kind}_title`, { name });
  return (
    <PopoverDialog
      title={title}
      anchor={anchor}
      side="left"
      sx={{ maxWidth: 'min(440px, 100%)' }}
      onClose={onClose}
    >
      <Typography variant="h2" sx={{ px: 2, pt: 1.5, fontSize: '.875rem' }}>
        {title}
      </Typography>
      {seat && (
        <Box sx={{ px: 2 }}>
          <IdentityLine name={name} identity={seat.identity} />
        </Box>
      )}
      {kind !== 'demote' && <LeaseChoice onChange={setLease} />}
      <MenuList autoFocusItem disabledItemsFocusable dense aria-label={title}>
        {published.length === 0 && (
          <MenuItem aria-disabled sx={{ whiteSpace: 'normal', color: 'text.secondary' }}>
            {translate('room_console.promote_menu.empty')}
          </MenuItem>
        )}
        {published.map((template) => (
          <RoleItem
            key={template.key}
            template={template}
            now={now}
            isCurrent={seat?.role?.template === template.key && !seat.override?.until}
            onChoose={() => onChoose(template.key, lease)}
          />
        ))}
      </MenuList>
    </PopoverDialog>
  );
}

interface RoleItemProps {
  template: RoleTemplate;
  now: RoleGrants | undefined;
  isCurrent: boolean;
  onChoose: () => void;
}

function RoleItem({ template, now, isCurrent, onChoose, ...menuItem }: RoleItemProps) {
  const translate = useTranslate();
  const me = useMe();
  const grants = template.grants as RoleGrants;
  const beyond = exceeds(grants, me?.ceiling ?? null);
  const changes = diffGrants(now ?? NO_GRANTS, grants);
  const isDisabled = beyond.length > 0 || isCurrent;
  const explain = () => {
    if (beyond.length > 0) {
      return translate('room_console.cannot.ceiling', {
        grants: beyond.map(grantTitle).join(', '),
      });
    }
    if (isCurrent) return translate('room_console.cannot.same');
    if (changes.length === 0) return translate('room_console.promote_menu.no_change');
    return changes.map(({ text, kind }) => `${SIGNS[kind]} ${text}`).join(' · ');
  };
  return (
    <ExplainedItem
      {...menuItem}
      isDisabled={isDisabled}
      explanation={explain()}
      indent={24}
      onClick={isDisabled ? undefined : onChoose}
    >
      <RoleChip
        template={template.key}
        version={template.published}
        name={template.name}
        color={template.color}
        sx={isDisabled ? { color: 'text.secondary' } : undefined}
      />
    </ExplainedItem>
  );
}

/** `canPublishSources.camera` is written like the source, everything else like its grant. */
function grantTitle(key: string): string {
  const [grant, source] = key.split('.');
  if (grant === 'canPublishSources' && source) return sourceName(source);
  return GRANT_CATALOGUE.find((each) => each.key === key)?.title.toLocaleLowerCase() ?? key;
}

const SIGNS = { gain: '+', lose: '−', change: '±' } as const;
