import { useTranslate } from 'react-admin';
import Box from '@mui/material/Box';
import Paper from '@mui/material/Paper';
import Table from '@mui/material/Table';
import TableBody from '@mui/material/TableBody';
import TableCell from '@mui/material/TableCell';
import TableContainer from '@mui/material/TableContainer';
import TableHead from '@mui/material/TableHead';
import TableRow from '@mui/material/TableRow';
import Typography from '@mui/material/Typography';
import { TextLink } from '../../shared/TextLink';
import type { Exposure } from '../../api/records';
import { actorText } from '../../shared/actorText';
import { nameOf } from '../../shared/nameOf';
import { RoleChip } from '../../shared/RoleChip';
import { TimeText } from '../../shared/TimeText';
import { actorPath, personPath, roomHistoryPath } from '../../shared/historyPaths';
import { visuallyHidden } from '../../shared/visuallyHidden';

const FIELDS = ['identity', 'room', 'template', 'source', 'until', 'issuer'] as const;

export interface ExposureTableProps {
  rows: Exposure[];
  /** Of one person alone: who it is need not be said in each row. */
  isOfOne?: boolean;
}

export function ExposureTable({ rows, isOfOne = false }: ExposureTableProps) {
  const translate = useTranslate();
  const fields = FIELDS.filter((field) => !isOfOne || field !== 'identity');
  return (
    <TableContainer component={Paper} variant="outlined">
      <Table size="small">
        <Box component="caption" sx={visuallyHidden}>
          {translate('exposure.table')}
        </Box>
        <TableHead>
          <TableRow>
            {fields.map((field) => (
              <TableCell key={field} component="th" scope="col">
                {translate(`exposure.field.${field}`)}
              </TableCell>
            ))}
          </TableRow>
        </TableHead>
        <TableBody>
          {rows.map((row) => (
            <ExposureRow
              key={`${row.room} ${row.identity} ${row.issuanceId ?? ''}`}
              row={row}
              isOfOne={isOfOne}
            />
          ))}
        </TableBody>
      </Table>
    </TableContainer>
  );
}

function ExposureRow({ row, isOfOne }: { row: Exposure; isOfOne: boolean }) {
  const translate = useTranslate();
  const issued = row.isUnreadable ? 'unreadable' : 'issued';
  const why = row.source === 'issued' ? issued : row.isRenewed ? 'renewed' : 'session';
  const { canComeIn, text } = row.entrance;
  return (
    <TableRow>
      {!isOfOne && (
        <TableCell component="th" scope="row">
          <TextLink to={personPath(row.identity)}>
            <bdi translate="no">{nameOf(row)}</bdi>
          </TextLink>
          {row.name && (
            <Typography variant="caption" color="text.secondary" component="div">
              <bdi translate="no">{row.identity}</bdi>
            </Typography>
          )}
        </TableCell>
      )}
      <TableCell component={isOfOne ? 'th' : 'td'} scope={isOfOne ? 'row' : undefined}>
        <TextLink to={roomHistoryPath(row.room)}>
          <bdi translate="no">{row.room}</bdi>
        </TextLink>
      </TableCell>
      <TableCell>
        {!canComeIn ? (
          translate('exposure.stopped', { why: text })
        ) : row.template ? (
          <TextLink to={`/role-templates/${encodeURIComponent(row.template)}`}>
            <RoleChip template={row.template} version={row.version} />
          </TextLink>
        ) : (
          translate('exposure.own_rights')
        )}
      </TableCell>
      <TableCell>
        {row.issuanceId ? (
          <TextLink to={`/issuances/${encodeURIComponent(row.issuanceId)}`}>
            {translate(`exposure.source.${why}`)}
          </TextLink>
        ) : (
          translate(`exposure.source.${why}`)
        )}
      </TableCell>
      <TableCell>
        <TimeText at={row.until} format="absolute" />
      </TableCell>
      <TableCell>{row.issuer && <Issuer issuer={row.issuer} />}</TableCell>
    </TableRow>
  );
}

function Issuer({ issuer }: { issuer: NonNullable<Exposure['issuer']> }) {
  const translate = useTranslate();
  const { kind, id, label } = issuer;
  const text = <bdi translate="no">{actorText(label, kind, translate)}</bdi>;
  const to = actorPath(kind, id);
  return to ? <TextLink to={to}>{text}</TextLink> : text;
}
