import { useState } from 'react';
import { useTranslate } from 'react-admin';
import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import Download from '@mui/icons-material/FileDownloadOutlined';
import { mayEverywhere } from '../session/permissions';
import { useMe } from '../session/session';
import { usePermissionSet } from '../session/usePermissionSet';
import { Panel } from '../shared/Panel';
import { DataFileDialog } from './DataFileDialog';
import { EraseDialog } from './EraseDialog';
import './messages.en';

export interface PersonDataPanelProps {
  identity: string;
  name: string;
}

/** What to do when somebody asks what is kept of them, or asks to be erased. */
export function PersonDataPanel({ identity, name }: PersonDataPanelProps) {
  const translate = useTranslate();
  const can = usePermissionSet();
  const me = useMe();
  const [open, setOpen] = useState<'file' | 'erase' | null>(null);
  const maySave = can('ledger.export_people') && can('ledger.read');
  const mayErase = mayEverywhere(me, 'ledger.erase');
  if (!maySave && !mayErase) return null;
  const close = () => setOpen(null);
  return (
    <Panel title={translate('person_data.title')} text={translate('person_data.text')}>
      <Box sx={{ display: 'flex', gap: 1, flexWrap: 'wrap' }}>
        {maySave && (
          <Button variant="outlined" startIcon={<Download />} onClick={() => setOpen('file')}>
            {translate('person_data.file.label')}
          </Button>
        )}
        {mayErase && (
          <Button variant="outlined" color="error" onClick={() => setOpen('erase')}>
            {translate('person_data.erase.label')}
          </Button>
        )}
      </Box>
      {open === 'file' && <DataFileDialog identity={identity} name={name} onClose={close} />}
      {open === 'erase' && <EraseDialog identity={identity} name={name} onClose={close} />}
    </Panel>
  );
}
