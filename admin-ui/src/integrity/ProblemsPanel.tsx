import { useTranslate } from 'react-admin';
import Box from '@mui/material/Box';
import Typography from '@mui/material/Typography';
import type { LedgerIntegrity } from '../api/records';
import { Panel } from '../shared/Panel';
import { StatusBadge } from '../shared/StatusBadge';

export function ProblemsPanel({
  problems,
  witnesses,
}: Pick<LedgerIntegrity, 'problems' | 'witnesses'>) {
  const translate = useTranslate();
  return (
    <Panel title={translate('integrity.problems.title')}>
      {problems.length === 0 ? (
        <StatusBadge tone="good" sx={{ whiteSpace: 'normal' }}>
          {translate('integrity.problems.none')}
        </StatusBadge>
      ) : (
        <Box component="ul" sx={{ listStyle: 'none', m: 0, p: 0, display: 'grid', gap: 1.5 }}>
          {problems.map(({ code, detail }) => (
            <Box component="li" key={code} sx={{ overflowWrap: 'anywhere' }}>
              <StatusBadge tone="bad" sx={{ whiteSpace: 'normal' }}>
                {detail}
              </StatusBadge>
              <Typography variant="body2" color="text.secondary">
                {translate(`integrity.problems.todo.${code}`)}
              </Typography>
            </Box>
          ))}
        </Box>
      )}
      {!witnesses && (
        <Typography variant="body2" color="text.secondary" sx={{ mt: 1 }}>
          {translate('integrity.problems.no_witness')}
        </Typography>
      )}
    </Panel>
  );
}
