import { useState } from 'react';
import { useTranslate } from 'react-admin';
import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import Download from '@mui/icons-material/FileDownloadOutlined';
import { usePermissionSet } from '../session/usePermissionSet';
import { Panel } from '../shared/Panel';
import { DataFileDialog } from './DataFileDialog';
import './messages.en';

export interface PersonDataPanelProps {
  identity: string;
  name: string;
}

/** What to do when somebody asks what is kept of them. */
export function PersonDataPanel({ identity, name }: PersonDataPanelProps) {
  const translate = useTranslate();
  const can = usePermissionSet();
  const [open, setOpen] = useState<'file' | null>(null);
  if (!can('ledger.export_people') || !can('ledger.read')) return null;
  const close = () => setOpen(null);
  return (
    <Panel title={translate('person_data.title')} text={translate('person_data.text')}>
      <Box sx={{ display: 'flex', gap: 1, flexWrap: 'wrap' }}>
        <Button variant="outlined" startIcon={<Download />} onClick={() => setOpen('file')}>
          {translate('person_data.file.label')}
        </Button>
      </Box>
      {open === 'file' && <DataFileDialog identity={identity} name={name} onClose={close} />}
    </Panel>
  );
}
