import { useEffect, useId, useRef, useState } from 'react';
import { useTranslate } from 'react-admin';
import Button from '@mui/material/Button';
import Dialog from '@mui/material/Dialog';
import DialogActions from '@mui/material/DialogActions';
import DialogContent from '@mui/material/DialogContent';
import DialogContentText from '@mui/material/DialogContentText';
import DialogTitle from '@mui/material/DialogTitle';
import Table from '@mui/material/Table';
import TableBody from '@mui/material/TableBody';
import TableCell from '@mui/material/TableCell';
import TableHead from '@mui/material/TableHead';
import TableRow from '@mui/material/TableRow';
import { type Conflict, type ConflictChoice, registerConflictDialog } from '../api/conflicts';

/** Somebody saved the same record first: their values and ours side by side. */
export function ConflictDialog() {
  const translate = useTranslate();
  const titleId = useId();
  const answer = useRef<((choice: ConflictChoice) => void) | null>(null);
  const [conflict, setConflict] = useState<Conflict | null>(null);
  const [isOpen, setIsOpen] = useState(false);

  useEffect(
    () =>
      registerConflictDialog(
        (next) =>
          new Promise((resolve) => {
            answer.current = resolve;
            setConflict(next);
            setIsOpen(true);
          }),
      ),
    [],
  );

  const choose = (choice: ConflictChoice) => {
    setIsOpen(false);
    answer.current?.(choice);
    answer.current = null;
  };

  return (
    <Dialog
      open={isOpen}
      onClose={() => choose('app.conflict.cancelled')}
      aria-labelledby={titleId}
      maxWidth="md"
      fullWidth
    >
      <DialogTitle id={titleId} component="h2" sx={{ fontSize: '1rem' }}>
        {translate('app.conflict.title')}
      </DialogTitle>
      <DialogContent sx={{ pt: 0 }}>
        <DialogContentText sx={{ mb: 2 }}>{translate('app.conflict.text')}</DialogContentText>
        {conflict && <Sides conflict={conflict} />}
      </DialogContent>
      <DialogActions sx={{ flexWrap: 'wrap' }}>
        <Button onClick={() => choose('app.conflict.cancelled')} autoFocus>
          {translate('app.conflict.go_back')}
        </Button>
        <Button variant="outlined" onClick={() => choose('app.conflict.took_theirs')}>
          {translate('app.conflict.take_theirs')}
        </Button>
        <Button variant="contained" color="error" onClick={() => choose('overwrite')}>
          {translate('app.conflict.overwrite')}
        </Button>
      </DialogActions>
    </Dialog>
  );
}

function Sides({ conflict }: { conflict: Conflict }) {
  const translate = useTranslate();
  return (
    <Table>
      <TableHead>
        <TableRow>
          <TableCell>{translate('app.conflict.field')}</TableCell>
          <TableCell>{translate('app.conflict.theirs')}</TableCell>
          <TableCell>{translate('app.conflict.mine')}</TableCell>
        </TableRow>
      </TableHead>
      <TableBody>
        {Object.entries(conflict.mine).map(([field, mine]) => (
          <TableRow key={field}>
            <TableCell component="th" scope="row">
              {translate(`resources.${conflict.resource}.fields.${field}`, { _: field })}
            </TableCell>
            <TableCell>
              <Value value={conflict.current[field] as unknown} />
            </TableCell>
            <TableCell>
              <Value value={mine} />
            </TableCell>
          </TableRow>
        ))}
      </TableBody>
    </Table>
  );
}

const Value = ({ value }: { value: unknown }) => (
  <code translate="no" style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>
    {value === null || value === undefined || value === ''
      ? '–'
      : typeof value === 'string'
        ? value
        : JSON.stringify(value, null, 2)}
  </code>
);
