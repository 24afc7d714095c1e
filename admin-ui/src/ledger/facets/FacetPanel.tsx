import { memo, type MouseEvent, useId } from 'react';
import { useTranslate } from 'react-admin';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import Skeleton from '@mui/material/Skeleton';
import Typography from '@mui/material/Typography';
import RemoveCircleOutline from '@mui/icons-material/RemoveCircleOutline';
import type { LedgerFacet, LedgerFacets } from '@rolecall/server/api';
import { getJson } from '../../api/httpClient';
import { StatusBadge } from '../../shared/StatusBadge';
import { useTemplates } from '../../shared/useTemplates';
import { TONES } from '../chart/tones';
import { Face } from '../list/Face';
import type { LogQuery, MatchField } from '../query/language';
import type { Choosing } from '../query/logSearch';
import { RoleMark } from '../words/RoleMark';
import { FacetList } from './facetStyles';

const FIELDS = ['outcome', 'kind', 'actor', 'identity', 'room', 'template'] as const;
const TOP = 6;

export interface FacetPanelProps {
  /** The query with the brush. */
  text: string;
  query: LogQuery;
  zone: string;
  onToggle: (field: MatchField, value: string, how: Choosing) => void;
}

/** The most frequent values of what is shown, with how often each is there. A press filters. */
export const FacetPanel = memo(function FacetPanel(props: FacetPanelProps) {
  const { text, query, zone, onToggle } = props;
  const translate = useTranslate();
  const { data, error, refetch, isPlaceholderData } = useQuery({
    queryKey: ['/ledger/facets', 'panel', text, zone],
    queryFn: ({ signal }) =>
      getJson<LedgerFacets>('/ledger/facets', {
        query: { query: text, zone, of: 'acts', fields: FIELDS.join(','), top: TOP },
        signal,
      }),
    placeholderData: keepPreviousData,
    staleTime: 15_000,
    refetchInterval: 60_000,
    retry: false,
  });
  if (error && !data) {
    return (
      <Box role="alert">
        <Typography variant="body2">{translate('ledger.facet.failed')}</Typography>
        <Button onClick={() => void refetch()}>{translate('app.action.retry')}</Button>
      </Box>
    );
  }
  if (!data) {
    return (
      <Box aria-hidden>
        {Array.from({ length: 12 }, (_, at) => (
          <Skeleton key={at} height={26} animation={false} />
        ))}
      </Box>
    );
  }
  return (
    <FacetList className={isPlaceholderData ? 'is-old' : undefined}>
      {data.data
        .filter(({ values }) => values.length > 0)
        .map((facet) => (
          <Facet key={facet.field} facet={facet} query={query} onToggle={onToggle} />
        ))}
      <Typography variant="caption" color="text.secondary" component="p">
        {[
          translate('ledger.facet.counts'),
          ...(data.basis === 'estimate' ? [translate('ledger.facet.estimate')] : []),
        ].join(' ')}
      </Typography>
    </FacetList>
  );
});

interface FacetProps {
  facet: LedgerFacet;
  query: LogQuery;
  onToggle: FacetPanelProps['onToggle'];
}

function Facet({ facet: { field, values }, query, onToggle }: FacetProps) {
  const translate = useTranslate();
  const titleId = useId();
  const asked = field === 'group' ? 'kind' : field;
  const choice = query.fields[asked];
  const isIn = (list: 'any' | 'none', value: string) =>
    choice?.[list].some(({ text }) => text === value) ?? false;
  // Each act that LiveKit is told begins with a request; what came of it is counted.
  const shown = values.filter(({ value }) => value !== 'intent' || isIn('any', value));
  const most = Math.max(1, ...shown.map(({ count }) => count));
  return (
    <section aria-labelledby={titleId}>
      <h3 id={titleId}>{translate(`ledger.facet.${field}`)}</h3>
      <ul>
        {shown.map(({ value, label, count }) => {
          const isOnly = isIn('any', value);
          const isWithout = isIn('none', value);
          const words = field === 'kind' ? translate(`ledger.what.${value}`, { _: label }) : label;
          const toggle = (event: MouseEvent) =>
            onToggle(asked, value, event.altKey || event.shiftKey ? 'without' : 'only');
          return (
            <li key={value} className={isOnly ? 'is-only' : isWithout ? 'is-without' : undefined}>
              <button
                type="button"
                role="checkbox"
                aria-checked={isOnly ? true : isWithout ? 'mixed' : false}
                className="pick"
                title={`${words}. ${translate('ledger.row.hint')}`}
                onClick={toggle}
              >
                <i style={{ width: `${(100 * count) / most}%` }} />
                <span className="box" aria-hidden />
                <span className="label">
                  <FacetLabel field={field} value={value} label={label} />
                </span>
                <span className="count">{count.toLocaleString()}</span>
              </button>
              <button
                type="button"
                className="without"
                aria-pressed={isWithout}
                aria-label={translate('ledger.facet.without', { value: label })}
                title={translate('ledger.facet.without', { value: label })}
                onClick={() => onToggle(asked, value, 'without')}
              >
                <RemoveCircleOutline />
              </button>
            </li>
          );
        })}
      </ul>
    </section>
  );
}

function FacetLabel({ field, value, label }: { field: string; value: string; label: string }) {
  const translate = useTranslate();
  const { byKey } = useTemplates();
  switch (field) {
    case 'outcome':
      return (
        <StatusBadge tone={TONES[value] ?? 'neutral'}>
          {translate(`ledger.outcome.${value}`, { _: label })}
        </StatusBadge>
      );
    case 'kind':
      return <span>{translate(`ledger.what.${value}`, { _: label })}</span>;
    case 'group':
      return <span>{translate(`ledger.group.${value}`, { _: label })}</span>;
    case 'template':
      return <RoleMark template={value} name={label} color={byKey.get(value)?.color} />;
    case 'actor':
    case 'identity':
      return (
        <>
          <Face of={value} name={label} isSmall />
          <bdi translate="no">{label}</bdi>
        </>
      );
    default:
      return <bdi translate="no">{label}</bdi>;
  }
}
