import { useTranslate } from 'react-admin';
import Box from '@mui/material/Box';
import Typography from '@mui/material/Typography';
import type { SystemStatus } from '../api/records';
import { Mono } from '../shared/Mono';
import './messages.en';

/** The version that runs, with what later releases mended. */
export function LiveKitVersion({ livekit }: { livekit: SystemStatus['livekit'] }) {
  const translate = useTranslate();
  const { version, knownHoles } = livekit;
  if (!version) return <span>{translate('status.version_unknown')}</span>;
  return (
    <>
      <Mono>{version}</Mono>
      {knownHoles && knownHoles.length > 0 && (
        <>
          <Typography variant="body2">{translate('status.known_holes')}</Typography>
          <Box component="ul" sx={{ m: 0, pl: 2.5 }}>
            {knownHoles.map(({ id, fixedIn, text }) => (
              <Typography component="li" variant="body2" key={id}>
                {`${text} ${translate('status.fixed_in', { id, version: fixedIn })}`}
              </Typography>
            ))}
          </Box>
        </>
      )}
    </>
  );
}
