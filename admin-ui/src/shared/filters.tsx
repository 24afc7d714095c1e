import { type ChangeEvent, useEffect, useRef, useState } from 'react';
import { useListContext, useTranslate } from 'react-admin';
import InputAdornment from '@mui/material/InputAdornment';
import MenuItem from '@mui/material/MenuItem';
import Search from '@mui/icons-material/Search';
import TextField from '@mui/material/TextField';
import { takeToken } from './pastedToken';

const PAUSE_MS = 200;

export interface SearchBoxProps {
  label: string;
  /** Shown on hover and read out: how it matches. */
  hint?: string;
  value: string;
  onChange: (value: string) => void;
  width?: number;
  /** Two beside each other on a narrow screen. */
  isHalf?: boolean;
}

/** Waits until typing pauses; the keyboard's `/` focuses the first one on a page. */
export function SearchBox({ label, hint, value, onChange, width = 240, isHalf }: SearchBoxProps) {
  const [text, setText] = useState(value);
  const [shown, setShown] = useState(value);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  // The address bar (back, a link, "clear") changed it.
  if (value !== shown) {
    setShown(value);
    setText(value);
  }
  useEffect(() => () => clearTimeout(timer.current), []);
  const change = (next: string) => {
    clearTimeout(timer.current);
    // A token is a secret: it is looked at here, and reaches neither the address nor the server.
    if (takeToken(next)) return setText(value);
    setText(next);
    timer.current = setTimeout(() => {
      setShown(next.trim());
      onChange(next.trim());
    }, PAUSE_MS);
  };
  return (
    <TextField
      type="search"
      margin="none"
      value={text}
      onChange={(event) => change(event.target.value)}
      placeholder={label}
      sx={{ width: { xs: isHalf ? 'calc(50% - 4px)' : '100%', sm: width } }}
      slotProps={{
        htmlInput: {
          'aria-label': hint ? `${label}, ${hint}` : label,
          title: hint,
          maxLength: 256,
        },
        input: {
          startAdornment: (
            <InputAdornment position="start">
              <Search aria-hidden sx={{ fontSize: 18 }} />
            </InputAdornment>
          ),
        },
      }}
    />
  );
}

/** Free text search over the list. */
export function SearchFilter({ label, source = 'q' }: { label: string; source?: string }) {
  const translate = useTranslate();
  const { filterValues, setFilters } = useListContext();
  return (
    <SearchBox
      label={translate(label)}
      value={(filterValues?.[source] as string | undefined) ?? ''}
      onChange={(value) => setFilters(withValue(filterValues, source, value || undefined), {})}
    />
  );
}

export interface Choice {
  id: string | boolean;
  label: string;
}

export interface SelectBoxProps {
  label: string;
  value: string;
  choices: { id: string; label: string }[];
  onChange: (value: string) => void;
  allLabel?: string;
  width?: number;
}

export function SelectBox({
  label,
  value,
  choices,
  onChange,
  allLabel,
  width = 150,
}: SelectBoxProps) {
  const translate = useTranslate();
  return (
    <TextField
      select
      margin="none"
      label={label}
      value={value}
      onChange={(event: ChangeEvent<HTMLInputElement>) => onChange(event.target.value)}
      sx={{ width: { xs: 'calc(50% - 4px)', sm: width } }}
      slotProps={{ select: { displayEmpty: true }, inputLabel: { shrink: true } }}
    >
      <MenuItem value="">{allLabel ?? translate('app.list.all')}</MenuItem>
      {choices.map(({ id, label: text }) => (
        <MenuItem key={id} value={id}>
          {text}
        </MenuItem>
      ))}
    </TextField>
  );
}

/** One of a few values, or all. */
export function SelectFilter({
  source,
  label,
  choices,
}: {
  source: string;
  label: string;
  choices: Choice[];
}) {
  const translate = useTranslate();
  const { filterValues, setFilters } = useListContext();
  const current = filterValues?.[source] as string | boolean | undefined;
  return (
    <SelectBox
      label={translate(label)}
      value={current === undefined ? '' : String(current)}
      choices={choices.map(({ id, label: text }) => ({ id: String(id), label: translate(text) }))}
      onChange={(value) => {
        const choice = choices.find(({ id }) => String(id) === value);
        setFilters(withValue(filterValues, source, choice?.id), {});
      }}
    />
  );
}

function withValue(filters: Record<string, unknown> | undefined, source: string, value: unknown) {
  const next = { ...filters, [source]: value };
  if (value === undefined) delete next[source];
  return next;
}
