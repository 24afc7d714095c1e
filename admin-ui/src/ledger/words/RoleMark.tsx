import { inkOn, templateColor } from '../../theme/templateColor';

/** Dear to make, and needed for each row. */
const SEGMENTER = new Intl.Segmenter();

export interface RoleMarkProps {
  template: string;
  name: string;
  color?: string | null;
}

/** A role inside a sentence: its letter on its colour, then its name. Light enough for long lists. */
export function RoleMark({ template, name, color }: RoleMarkProps) {
  const background = templateColor(template, color);
  return (
    <span className="log-role" translate="no">
      <span
        aria-hidden
        data-letter={firstLetter(name)}
        style={{ backgroundColor: background, color: inkOn(background) }}
      />
      <span>{name}</span>
    </span>
  );
}

function firstLetter(text: string) {
  const [first] = SEGMENTER.segment(text.trim());
  return (first?.segment ?? '?').toLocaleUpperCase();
}
