import Box from '@mui/material/Box';

/** The mark: a tick on a roll. */
export function Mark({ size = 24 }: { size?: number }) {
  return (
    <Box
      component="svg"
      viewBox="0 0 32 32"
      aria-hidden
      sx={{ width: size, height: size, flex: 'none', display: 'block' }}
    >
      <rect width="32" height="32" rx="8" fill="#4048c8" />
      <path
        d="M8 10h9M8 16h5M8 22h4"
        stroke="#fff"
        strokeWidth="2.5"
        strokeLinecap="round"
        opacity=".6"
      />
      <path
        d="m15.5 18.5 3.7 4L25.5 11"
        fill="none"
        stroke="#fff"
        strokeWidth="3.2"
        strokeLinecap="round"
        strokeLinejoin="round"
      />
    </Box>
  );
}
