import { useTranslate } from 'react-admin';
import { styled } from '@mui/material/styles';
import { RoleChip } from '../../shared/RoleChip';
import { StatusBadge } from '../../shared/StatusBadge';
import type { Change } from './changes';

/** What was, and what is since: one line for each thing that changed. */
export function ChangeTable({ changes }: { changes: readonly Change[] }) {
  const translate = useTranslate();
  return (
    <Table>
      <thead>
        <tr>
          <td />
          <th scope="col">{translate('ledger.change.before')}</th>
          <th scope="col">{translate('ledger.change.after')}</th>
        </tr>
      </thead>
      <tbody>
        {changes.map((change) => (
          <tr key={change.name}>
            <th scope="row">{translate(`ledger.change.${change.name}`, { _: change.name })}</th>
            <td>
              <Value sort={change.sort} value={change.before} />
            </td>
            <td className={change.after === false || change.after === null ? 'less' : 'more'}>
              <Value sort={change.sort} value={change.after} />
            </td>
          </tr>
        ))}
      </tbody>
    </Table>
  );
}

function Value({ sort, value }: { sort: Change['sort']; value: unknown }) {
  const translate = useTranslate();
  if (value === null || value === undefined || value === '') return <span>–</span>;
  if (sort === 'right') {
    return (
      <StatusBadge tone={value === true ? 'good' : 'neutral'}>
        {translate(value === true ? 'ledger.change.allowed' : 'ledger.change.not_allowed')}
      </StatusBadge>
    );
  }
  if (sort === 'role') {
    const { key, version } = value as { key: string; version: number | null };
    return <RoleChip template={key} version={version} />;
  }
  return <bdi translate="no">{typeof value === 'string' ? value : JSON.stringify(value)}</bdi>;
}

const Table = styled('table')(({ theme }) => ({
  width: '100%',
  tableLayout: 'fixed',
  borderCollapse: 'separate',
  borderSpacing: 0,
  border: `1px solid ${theme.palette.divider}`,
  borderRadius: 8,
  overflow: 'hidden',
  fontSize: '.8125rem',
  '& thead td': { width: '27%' },
  '& th, & td': { padding: '5px 8px', textAlign: 'left', overflowWrap: 'anywhere' },
  '& thead th': { fontSize: '.75rem', fontWeight: 600, color: theme.palette.text.secondary },
  '& tbody th': { fontWeight: 400, color: theme.palette.text.secondary },
  '& tbody tr > *': { borderTop: `1px solid ${theme.palette.divider}` },
  '& .more': {
    backgroundColor: `color-mix(in srgb, ${theme.palette.success.main} 9%, transparent)`,
  },
  '& .less': { backgroundColor: `color-mix(in srgb, ${theme.palette.error.main} 7%, transparent)` },
}));
