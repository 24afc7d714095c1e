import { useTranslate } from 'react-admin';
import Box from '@mui/material/Box';
import Paper from '@mui/material/Paper';
import Table from '@mui/material/Table';
import TableBody from '@mui/material/TableBody';
import TableCell from '@mui/material/TableCell';
import TableContainer from '@mui/material/TableContainer';
import TableHead from '@mui/material/TableHead';
import TableRow from '@mui/material/TableRow';
import { Link } from 'react-router-dom';
import type { Exposure } from '../api/records';
import { actorText } from '../shared/actorText';
import { RoleChip } from '../shared/RoleChip';
import { TimeText } from '../shared/TimeText';
import { visuallyHidden } from '../shared/visuallyHidden';

const FIELDS = ['identity', 'room', 'template', 'source', 'until', 'issuer'] as const;

export function ExposureTable({ rows }: { rows: Exposure[] }) {
  const translate = useTranslate();
  return (
    <TableContainer component={Paper} variant="outlined">
      <Table size="small">
        <Box component="caption" sx={visuallyHidden}>
          {translate('exposure.table')}
        </Box>
        <TableHead>
          <TableRow>
            {FIELDS.map((field) => (
              <TableCell key={field} component="th" scope="col">
                {translate(`exposure.field.${field}`)}
              </TableCell>
            ))}
          </TableRow>
        </TableHead>
        <TableBody>
          {rows.map((row) => (
            <ExposureRow key={`${row.room} ${row.identity} ${row.jti ?? ''}`} row={row} />
          ))}
        </TableBody>
      </Table>
    </TableContainer>
  );
}

function ExposureRow({ row }: { row: Exposure }) {
  const translate = useTranslate();
  const why = row.source === 'issued' ? 'issued' : row.isRenewed ? 'renewed' : 'session';
  const { canComeIn, text } = row.entrance;
  return (
    <TableRow>
      <TableCell component="th" scope="row">
        <bdi translate="no">{row.identity}</bdi>
      </TableCell>
      <TableCell>
        <bdi translate="no">{row.room}</bdi>
      </TableCell>
      <TableCell>
        {!canComeIn ? (
          translate('exposure.stopped', { why: text })
        ) : row.template ? (
          <RoleChip template={row.template} version={row.version} />
        ) : (
          translate('exposure.own_rights')
        )}
      </TableCell>
      <TableCell>
        {row.issuanceId ? (
          <Link to={`/issuances/${encodeURIComponent(row.issuanceId)}`}>
            {translate(`exposure.source.${why}`)}
          </Link>
        ) : (
          translate(`exposure.source.${why}`)
        )}
      </TableCell>
      <TableCell>
        <TimeText at={row.until} format="absolute" />
      </TableCell>
      <TableCell>
        {row.issuer && (
          <bdi translate="no">{actorText(row.issuer.label, row.issuer.kind, translate)}</bdi>
        )}
      </TableCell>
    </TableRow>
  );
}
