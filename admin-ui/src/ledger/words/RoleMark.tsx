import { styled } from '@mui/material/styles';
import { inkOn, templateColor } from '../../theme/templateColor';

export interface RoleMarkProps {
  template: string;
  name: string;
  color?: string | null;
}

/** A role inside a sentence: its letter on its colour, then its name. Light enough for long lists. */
export function RoleMark({ template, name, color }: RoleMarkProps) {
  const background = templateColor(template, color);
  return (
    <Mark translate="no">
      <span
        aria-hidden
        data-letter={firstLetter(name)}
        style={{ backgroundColor: background, color: inkOn(background) }}
      />
      <span>{name}</span>
    </Mark>
  );
}

function firstLetter(text: string) {
  const [first] = new Intl.Segmenter().segment(text.trim());
  return (first?.segment ?? '?').toLocaleUpperCase();
}

const Mark = styled('span')({
  fontWeight: 600,
  whiteSpace: 'nowrap',
  '& > [data-letter]': {
    display: 'inline-block',
    width: 16,
    height: 16,
    marginRight: 5,
    borderRadius: 4,
    fontSize: 10,
    fontWeight: 700,
    lineHeight: '16px',
    textAlign: 'center',
    verticalAlign: 1,
    forcedColorAdjust: 'none',
  },
  '& > [data-letter]::before': { content: 'attr(data-letter)' },
});
