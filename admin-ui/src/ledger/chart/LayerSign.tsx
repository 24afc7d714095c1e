import { styled } from '@mui/material/styles';
import type { LayerId } from './tones';

/** The look of a layer, for the legend: a colour and a pattern. */
export const LayerSign = ({ layer }: { layer: LayerId }) => <Sign aria-hidden className={layer} />;

const Sign = styled('span')(({ theme }) => ({
  width: 11,
  height: 11,
  borderRadius: 2,
  '&.done': { backgroundColor: theme.palette.primary.main, opacity: 0.8 },
  '&.open': { border: `1.5px dashed ${theme.palette.warning.main}` },
  '&.refused': {
    border: `1px solid ${theme.palette.error.main}`,
    backgroundImage: `repeating-linear-gradient(45deg, ${theme.palette.error.main} 0 1.5px, transparent 1.5px 3.5px)`,
  },
}));
