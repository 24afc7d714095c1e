import { type ReactElement, type ReactNode, useEffect } from 'react';
import {
  DataTable,
  ListBase,
  Pagination,
  type RaRecord,
  Title,
  useRemoveFromStore,
  useListContext,
  useResourceContext,
  useTranslate,
} from 'react-admin';
import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import Paper from '@mui/material/Paper';
import Skeleton from '@mui/material/Skeleton';
import Add from '@mui/icons-material/Add';
import { Link, Navigate, useLocation, useNavigate } from 'react-router-dom';
import { ProblemError } from '../api/httpClient';
import { cleanListSearch, PAGE_SIZE, PAGE_SIZES } from '../api/listParams';
import type { Permission } from '../session/permissions';
import { useAnnounce } from './announce';
import { EmptyState } from './EmptyState';
import { ErrorState } from './ErrorState';
import { usePermissionSet } from '../session/usePermissionSet';

export interface RecordListProps {
  title: string;
  sort: { field: string; order: 'ASC' | 'DESC' };
  filters?: ReactNode;
  filterDefaultValues?: Record<string, unknown>;
  /** The one primary action of the page. */
  create?: { permission: Permission; label: string };
  /** Shown when nothing exists at all; a filter that matches nobody has its own text. */
  empty: { icon: ReactNode; title: string; text: string };
  /** `DataTable.Col` elements. */
  children: ReactNode;
  rowClick?: (record: RaRecord) => string | false;
  isRowMuted?: (record: RaRecord) => boolean;
  storeKey?: string;
  above?: ReactElement;
}

/** A page with one table: filters, states, pages. Rows open on click, and by a link in them. */
export function RecordList({
  title,
  sort,
  filters,
  filterDefaultValues,
  create,
  children,
  empty,
  rowClick,
  isRowMuted,
  above,
}: RecordListProps) {
  const translate = useTranslate();
  const can = usePermissionSet();
  const resource = useResourceContext() ?? '';
  const { search } = useLocation();
  const usable = cleanListSearch(resource, search);
  const createButton = create && can(create.permission) && (
    <CreateLink label={translate(create.label)} />
  );
  // Before the list reads it: react-admin stores what a link says, and comes back to it.
  if (usable !== search) return <Navigate to={{ search: usable }} replace />;
  return (
    <ListBase
      sort={sort}
      perPage={PAGE_SIZE}
      filterDefaultValues={filterDefaultValues}
      // The page itself shows what went wrong; a toast as well would say it twice.
      queryOptions={{ onError: () => undefined }}
    >
      <Title title={translate(title)} />
      {above}
      <Bar filters={filters} createButton={createButton} />
      <Body empty={empty} createButton={createButton} rowClick={rowClick} isRowMuted={isRowMuted}>
        {children}
      </Body>
    </ListBase>
  );
}

const isFilled = (filters: Record<string, unknown> | undefined) =>
  Object.values(filters ?? {}).some((value) => value !== undefined);

/** Not there while nothing exists: the empty page has the one thing to do. */
function Bar({ filters, createButton }: { filters: ReactNode; createButton: ReactNode }) {
  const { total, filterValues } = useListContext();
  if (total === 0 && !isFilled(filterValues)) return null;
  return (
    <Box sx={{ display: 'flex', flexWrap: 'wrap', gap: 1, alignItems: 'center', mb: 1.5 }}>
      {filters}
      <Box sx={{ ml: 'auto' }}>{createButton}</Box>
    </Box>
  );
}

function CreateLink({ label }: { label: string }) {
  const resource = useResourceContext();
  return (
    <Button component={Link} to={`/${resource}/create`} variant="contained" startIcon={<Add />}>
      {label}
    </Button>
  );
}

type BodyProps = Pick<RecordListProps, 'children' | 'empty' | 'rowClick' | 'isRowMuted'> & {
  createButton: ReactNode;
};

function Body({ children, empty, createButton, rowClick, isRowMuted }: BodyProps) {
  const translate = useTranslate();
  const announce = useAnnounce();
  const { data, error, isPending, total, filterValues, setFilters, refetch } = useListContext();
  const isFiltered = isFilled(filterValues);
  const { isDefault, reset } = useListReset();

  useEffect(() => {
    if (total !== undefined && isFiltered) {
      announce(translate('app.list.found', { smart_count: total }));
    }
  }, [total, isFiltered, announce, translate]);

  if (error && !data) {
    return (
      <ErrorState
        error={error}
        onRetry={() => void refetch()}
        onReset={isDefault ? undefined : reset}
      />
    );
  }
  if (isPending) return <TableSkeleton />;
  const stale = error && (
    <ErrorState
      error={error}
      title={translate('app.error.stale_title')}
      onRetry={() => void refetch()}
      onReset={isDefault ? undefined : reset}
    />
  );
  if (!data || data.length === 0) {
    return (
      <>
        {stale}
        <Paper variant="outlined">
          {isFiltered ? (
            <EmptyState
              title={translate('app.list.no_match')}
              action={
                <Button variant="outlined" onClick={() => setFilters({}, {})}>
                  {translate('app.action.clear_filters')}
                </Button>
              }
            />
          ) : (
            <EmptyState
              icon={empty.icon}
              title={translate(empty.title)}
              text={translate(empty.text)}
              action={createButton}
            />
          )}
        </Paper>
      </>
    );
  }
  return (
    <>
      {stale}
      <Paper variant="outlined" sx={{ overflow: 'hidden', opacity: error ? 0.6 : 1 }}>
        <Box sx={{ overflowX: 'auto', position: 'relative' }}>
          <DataTable
            bulkActionButtons={false}
            rowClick={rowClick ? (_id, _resource, record) => rowClick(record) : false}
            rowSx={(record) => (isRowMuted?.(record) ? { color: 'text.secondary' } : {})}
            hover={rowClick !== undefined}
          >
            {children}
          </DataTable>
        </Box>
        <Pagination rowsPerPageOptions={PAGE_SIZES} />
      </Paper>
    </>
  );
}

/** The way back to the list as the menu opens it, whatever a link or the browser's storage says. */
function useListReset() {
  const resource = useResourceContext();
  const navigate = useNavigate();
  const forget = useRemoveFromStore();
  const { search } = useLocation();
  const { filterValues, page, perPage } = useListContext();
  const isDefault = search === '' && !isFilled(filterValues) && page === 1 && perPage === PAGE_SIZE;
  const reset = () => {
    forget(`${resource}.listParams`);
    void navigate({ search: '' }, { replace: true });
  };
  return { isDefault, reset };
}

const TableSkeleton = () => (
  <Paper variant="outlined" sx={{ p: 2 }} aria-hidden>
    {Array.from({ length: 8 }, (_, row) => (
      <Skeleton key={row} height={32} animation={false} />
    ))}
  </Paper>
);

/** Not found is an answer, not a failure. */
export const isNotFound = (error: unknown) => error instanceof ProblemError && error.status === 404;
