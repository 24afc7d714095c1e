import { useId, useState } from 'react';
import { useTranslate } from 'react-admin';
import Box from '@mui/material/Box';
import MenuItem from '@mui/material/MenuItem';
import MenuList from '@mui/material/MenuList';
import Typography from '@mui/material/Typography';
import type { RoleGrants } from '@rolecall/server/grants';
import type { RoleTemplate, Seat } from '../../api/records';
import { useMe } from '../../session/session';
import { PopoverDialog } from '../../shared/PopoverDialog';
import { RoleChip } from '../../shared/RoleChip';
import { useTemplates } from '../../shared/useTemplates';
import { ExplainedItem } from './ExplainedItem';
import { IdentityLine } from './IdentityLine';
import { LeaseChoice } from './LeaseChoice';
import { type Change, type RoleChoices, roleChoices } from './roleChoices';
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

/** The roles that would change something, with what; the others in a line below. */
export function RoleMenu({ kind, seat, count, anchor, onChoose, onClose }: RoleMenuProps) {
  const translate = useTranslate();
  const { published, byKey } = useTemplates();
  const [lease, setLease] = useState<string | number | undefined>(undefined);
  const name = seat ? nameOf(seat) : translate('room_console.bulk.people', { smart_count: count });
  const now = seat ? (byKey.get(seat.role?.template ?? '')?.grants as RoleGrants) : undefined;
  const me = useMe();
  const foldedId = useId();
  const { offered, same, beyond } = roleChoices({
    kind,
    published,
    ceiling: me?.ceiling ?? null,
    now,
    lent: (seat?.override?.until && seat.role?.template) || null,
  });
  const isFolded = same.length + beyond.length > 0;
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
      <MenuList
        autoFocusItem
        disabledItemsFocusable
        dense
        aria-label={title}
        aria-describedby={isFolded ? foldedId : undefined}
      >
        {offered.length === 0 && (
          <MenuItem aria-disabled sx={{ whiteSpace: 'normal', color: 'text.secondary' }}>
            {translate(`room_console.promote_menu.${published.length === 0 ? 'empty' : 'none'}`)}
          </MenuItem>
        )}
        {offered.map(({ template, changes }) => (
          <RoleItem
            key={template.key}
            template={template}
            changes={changes}
            onChoose={() => onChoose(template.key, lease)}
          />
        ))}
      </MenuList>
      {isFolded && (
        <Box id={foldedId} sx={FOLDED}>
          {same.length > 0 && (
            <p>{translate('room_console.promote_menu.same', { name, roles: namesOf(same) })}</p>
          )}
          {beyond.length > 0 && (
            <p title={beyond.map(missingOf).join('\n')}>
              {translate('room_console.promote_menu.beyond', {
                roles: namesOf(beyond.map(({ template }) => template)),
              })}
            </p>
          )}
        </Box>
      )}
    </PopoverDialog>
  );
}

const namesOf = (templates: readonly RoleTemplate[]) =>
  templates.map(({ name, key }) => name || key).join(', ');

const missingOf = ({ template, missing }: RoleChoices['beyond'][number]) =>
  `${namesOf([template])}: ${missing.join(', ')}`;

const FOLDED = {
  px: 2,
  pb: 1,
  maxWidth: 400,
  color: 'text.secondary',
  fontSize: '.75rem',
  '& p': { m: 0, pt: 0.5 },
} as const;

interface RoleItemProps {
  template: RoleTemplate;
  changes: readonly Change[];
  onChoose: () => void;
}

function RoleItem({ template, changes, onChoose, ...menuItem }: RoleItemProps) {
  const translate = useTranslate();
  return (
    <ExplainedItem
      {...menuItem}
      isDisabled={false}
      explanation={
        changes.length === 0
          ? translate('room_console.promote_menu.other_time')
          : changes.map(({ text, kind }) => `${SIGNS[kind]} ${text}`).join(' · ')
      }
      onClick={onChoose}
    >
      <RoleChip template={template.key} name={template.name} color={template.color} />
    </ExplainedItem>
  );
}

const SIGNS = { gain: '+', lose: '−', change: '±' } as const;
