import Box from '@mui/material/Box';
import type { SxProps, Theme } from '@mui/material/styles';
import { inkOn, templateColor } from '../theme/templateColor';
import { useTemplates } from './useTemplates';

export interface RoleChipProps {
  /** The template's key. */
  template: string;
  version?: number | null;
  /** Name and colour when the caller knows them (a page without the list of templates). */
  name?: string;
  color?: string | null;
  isStruck?: boolean;
  sx?: SxProps<Theme>;
}

/** A role template, the same everywhere: its colour with a letter, its name, its version. */
export function RoleChip(props: RoleChipProps) {
  return props.name === undefined ? <KnownRoleChip {...props} /> : <BareRoleChip {...props} />;
}

function KnownRoleChip(props: RoleChipProps) {
  const known = useTemplates().byKey.get(props.template);
  return (
    <BareRoleChip
      {...props}
      name={known?.name ?? props.template}
      color={props.color ?? known?.color}
    />
  );
}

function BareRoleChip({ template, version, name, color, isStruck, sx }: RoleChipProps) {
  const background = templateColor(template, color);
  const label = name || template;
  return (
    <Box
      component="span"
      sx={[
        {
          display: 'inline-flex',
          alignItems: 'center',
          gap: 0.75,
          maxWidth: '100%',
          minWidth: 0,
          fontWeight: 550,
          lineHeight: '20px',
          verticalAlign: 'middle',
          textDecoration: isStruck ? 'line-through' : undefined,
        },
        ...(Array.isArray(sx) ? sx : [sx]),
      ]}
    >
      <Box
        component="span"
        aria-hidden
        sx={{
          flex: 'none',
          width: 18,
          height: 18,
          borderRadius: '5px',
          bgcolor: background,
          color: inkOn(background),
          fontSize: 11,
          fontWeight: 700,
          lineHeight: '18px',
          textAlign: 'center',
          forcedColorAdjust: 'none',
        }}
      >
        {firstLetter(label)}
      </Box>
      <Box
        component="span"
        translate="no"
        sx={{ overflow: 'hidden', textOverflow: 'ellipsis', whiteSpace: 'nowrap' }}
      >
        <span>{label}</span>
        {version != null && (
          <Box
            component="span"
            sx={{ color: 'text.secondary', fontWeight: 400, ml: 0.5 }}
          >{`v${version}`}</Box>
        )}
      </Box>
    </Box>
  );
}

/** The first grapheme, so that an emoji or an accented letter stays whole. */
function firstLetter(text: string) {
  const [first] = new Intl.Segmenter().segment(text.trim());
  return (first?.segment ?? '?').toLocaleUpperCase();
}
