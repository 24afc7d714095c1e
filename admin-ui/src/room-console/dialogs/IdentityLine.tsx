import Typography from '@mui/material/Typography';
import { Mono } from '../../shared/Mono';

/** Who it is, whatever they call themselves: people choose their names, and may take another's. */
export function IdentityLine({ name, identity }: { name: string; identity: string }) {
  if (name === identity) return null;
  return (
    <Typography variant="body2" color="text.secondary" sx={{ mb: 1 }}>
      <Mono>{identity}</Mono>
    </Typography>
  );
}
