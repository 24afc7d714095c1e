import { useTranslate } from 'react-admin';
import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import TextField from '@mui/material/TextField';
import { UNSENDABLE } from '../api/listParams';
import { SearchBox, SelectBox } from '../shared/filters';
import { fromLocalField, isInstant, RANGES, toLocalField } from './timeRange';

export const FILTER_KEYS = [
  'q',
  'room',
  'identity',
  'actor',
  'kind',
  'outcome',
  'since',
  'from',
  'to',
] as const;
const MAX_TEXT = 256;
export type FilterKey = (typeof FILTER_KEYS)[number];
export type FilterValues = Record<FilterKey, string>;

/** What a link may say that the server takes and that a field can show. */
export function isUsableFilter(
  key: FilterKey,
  value: string,
  kinds: readonly string[],
  outcomes: readonly string[],
): boolean {
  switch (key) {
    case 'kind':
      return kinds.includes(value);
    case 'outcome':
      return outcomes.includes(value);
    case 'since':
      return value === 'custom' || RANGES.some((range) => range === value);
    case 'from':
    case 'to':
      return isInstant(value);
    default:
      return value.length <= MAX_TEXT && !UNSENDABLE.test(value);
  }
}

export interface LedgerFiltersProps {
  values: FilterValues;
  set: (changes: Partial<FilterValues>) => void;
  clear: () => void;
  isAny: boolean;
  kinds: readonly string[];
  outcomes: readonly string[];
}

export function LedgerFilters({ values, set, clear, isAny, kinds, outcomes }: LedgerFiltersProps) {
  const translate = useTranslate();
  const isCustom = values.from !== '' || values.to !== '' || values.since === 'custom';
  const when = isCustom ? 'custom' : values.since;
  return (
    <Box
      role="search"
      sx={{ display: 'flex', flexWrap: 'wrap', gap: 1, alignItems: 'center', mb: 1.5 }}
    >
      {(['q', 'room', 'identity', 'actor'] as const).map((key) => (
        <SearchBox
          key={key}
          label={translate(`ledger.filter.${key}`)}
          value={values[key]}
          onChange={(value) => set({ [key]: value })}
          hint={key === 'q' ? undefined : translate(`ledger.hint.${key}`)}
          width={key === 'q' ? 170 : 136}
          isHalf
        />
      ))}
      {kinds.length > 0 && (
        <SelectBox
          label={translate('ledger.filter.kind')}
          value={kinds.includes(values.kind) ? values.kind : ''}
          choices={kinds.map((id) => ({
            id,
            label: id.endsWith('.*')
              ? translate('ledger.kind.all_of', { family: id.slice(0, -2) })
              : id,
          }))}
          onChange={(kind) => set({ kind })}
          width={170}
        />
      )}
      <SelectBox
        label={translate('ledger.filter.outcome')}
        value={outcomes.includes(values.outcome) ? values.outcome : ''}
        choices={outcomes.map((id) => ({ id, label: translate(`ledger.outcome.${id}`) }))}
        onChange={(outcome) => set({ outcome })}
        width={120}
      />
      <SelectBox
        label={translate('ledger.filter.when')}
        value={when}
        allLabel={translate('ledger.when.any')}
        choices={[...RANGES, 'custom' as const].map((id) => ({
          id,
          label: translate(`ledger.when.${id}`),
        }))}
        onChange={(since) =>
          set({ since: since === 'custom' ? 'custom' : since, from: '', to: '' })
        }
        width={150}
      />
      {isCustom &&
        (['from', 'to'] as const).map((key) => (
          <TextField
            key={key}
            type="datetime-local"
            margin="none"
            label={translate(`ledger.filter.${key}`)}
            value={toLocalField(values[key])}
            onChange={(event) =>
              set({ since: 'custom', [key]: fromLocalField(event.target.value) })
            }
            sx={{ width: 200 }}
            slotProps={{ inputLabel: { shrink: true } }}
          />
        ))}
      {isAny && <Button onClick={clear}>{translate('app.action.clear_filters')}</Button>}
    </Box>
  );
}
