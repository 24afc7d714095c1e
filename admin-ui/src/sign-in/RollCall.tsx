import Box from '@mui/material/Box';

const ROWS = [
  { name: 'Ana', role: 'Host', color: '#f4c95d', isIn: true },
  { name: 'Bo', role: 'Speaker', color: '#8ee3c8', isIn: true },
  { name: 'Cy', role: 'Viewer', color: '#9db4ff', isIn: true },
  { name: 'Dee', role: 'Speaker', color: '#8ee3c8', isIn: true },
  { name: 'Eli', role: 'Viewer', color: '#9db4ff', isIn: false },
];

/** The product in one picture: a roll of people, each with a role, ticked off. Decoration only. */
export function RollCall() {
  return (
    <Box
      aria-hidden
      sx={{
        display: { xs: 'none', md: 'flex' },
        alignItems: 'center',
        justifyContent: 'center',
        bgcolor: '#1d2166',
        backgroundImage: 'radial-gradient(circle at 70% 20%, #4048c8 0, #1d2166 60%)',
        color: '#fff',
        overflow: 'hidden',
      }}
    >
      <Box sx={{ width: 'min(78%, 400px)', transform: 'rotate(-3deg)' }}>
        {ROWS.map(({ name, role, color, isIn }) => (
          <Box
            key={name}
            sx={{
              display: 'flex',
              alignItems: 'center',
              gap: 2,
              py: 2,
              borderBottom: '1px solid rgba(255,255,255,.16)',
              opacity: isIn ? 1 : 0.45,
            }}
          >
            <Box component="svg" viewBox="0 0 24 24" sx={{ width: 26, height: 26, flex: 'none' }}>
              <circle
                cx="12"
                cy="12"
                r="11"
                fill={isIn ? 'rgba(255,255,255,.14)' : 'none'}
                stroke="rgba(255,255,255,.4)"
              />
              {isIn && (
                <path
                  d="m7.5 12.5 3 3 6-7"
                  fill="none"
                  stroke="#fff"
                  strokeWidth="2.2"
                  strokeLinecap="round"
                  strokeLinejoin="round"
                />
              )}
            </Box>
            <Box sx={{ flex: 1, fontSize: 20, fontWeight: 600 }}>{name}</Box>
            <Box sx={{ fontSize: 14, fontWeight: 600, color }}>{role}</Box>
          </Box>
        ))}
      </Box>
    </Box>
  );
}
