import Autocomplete from '@mui/material/Autocomplete';
import Chip from '@mui/material/Chip';
import TextField from '@mui/material/TextField';

export interface RoomPatternsFieldProps {
  label: string;
  helperText: string;
  value: string[];
  onChange: (patterns: string[]) => void;
  error?: string;
  isReadOnly?: boolean;
}

/** Room names and patterns, typed one after the other. What is typed counts without Enter too. */
export function RoomPatternsField({
  label,
  helperText,
  value,
  onChange,
  error,
  isReadOnly,
}: RoomPatternsFieldProps) {
  return (
    <Autocomplete
      multiple
      freeSolo
      autoSelect
      options={[] as string[]}
      value={value}
      readOnly={isReadOnly}
      onChange={(_, next) => onChange([...new Set(next.filter((text) => text !== ''))])}
      renderValue={(patterns, getItemProps) =>
        patterns.map((pattern, index) => {
          const { key, ...props } = getItemProps({ index });
          return <Chip key={key} label={<bdi translate="no">{pattern}</bdi>} {...props} />;
        })
      }
      renderInput={(params) => (
        <TextField
          {...params}
          label={label}
          error={Boolean(error)}
          helperText={error || helperText}
        />
      )}
    />
  );
}
