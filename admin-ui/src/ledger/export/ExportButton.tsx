import { useState } from 'react';
import { useTranslate } from 'react-admin';
import Button from '@mui/material/Button';
import Download from '@mui/icons-material/FileDownloadOutlined';
import { ExportDialog } from './ExportDialog';

export interface ExportButtonProps {
  query: string;
  zone: string;
}

export function ExportButton(props: ExportButtonProps) {
  const translate = useTranslate();
  const [isOpen, setIsOpen] = useState(false);
  return (
    <>
      <Button startIcon={<Download />} onClick={() => setIsOpen(true)} sx={{ flex: 'none' }}>
        {translate('ledger.export.label')}
      </Button>
      {isOpen && <ExportDialog {...props} onClose={() => setIsOpen(false)} />}
    </>
  );
}
