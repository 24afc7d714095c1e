import Box from '@mui/material/Box';
import Chip from '@mui/material/Chip';
import Check from '@mui/icons-material/Check';

export interface PresetChipsProps {
  label: string;
  presets: readonly string[];
  value: string;
  onChange: (value: string) => void;
}

/** Texts that fill a field by a click; the second click empties it. Nothing is chosen at first. */
export function PresetChips({ label, presets, value, onChange }: PresetChipsProps) {
  return (
    <Box
      role="group"
      aria-label={label}
      sx={{
        display: 'flex',
        gap: 1,
        flexWrap: 'wrap',
        mt: 0.5,
        '@media (pointer: coarse)': { '& > *': { height: 36 } },
      }}
    >
      {presets.map((each) => {
        const isChosen = value === each;
        return (
          <Chip
            key={each}
            label={each}
            clickable
            aria-pressed={isChosen}
            color={isChosen ? 'primary' : 'default'}
            icon={isChosen ? <Check aria-hidden /> : undefined}
            onClick={() => onChange(isChosen ? '' : each)}
          />
        );
      })}
    </Box>
  );
}
