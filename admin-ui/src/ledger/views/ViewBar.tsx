import { useState } from 'react';
import { useTranslate } from 'react-admin';
import Button from '@mui/material/Button';
import IconButton from '@mui/material/IconButton';
import Menu from '@mui/material/Menu';
import MenuItem from '@mui/material/MenuItem';
import Tooltip from '@mui/material/Tooltip';
import { styled } from '@mui/material/styles';
import BookmarkAdd from '@mui/icons-material/BookmarkAddOutlined';
import DeleteOutline from '@mui/icons-material/DeleteOutline';
import ExpandMore from '@mui/icons-material/ExpandMore';
import { Link } from 'react-router-dom';
import type { ReactNode } from 'react';
import { usePermissionSet } from '../../session/usePermissionSet';
import { isAnythingAsked } from '../query/logSearch';
import { type LogQuery, parseQuery, printQuery } from '../query/language';
import { SaveViewDialog } from './SaveViewDialog';
import { DeleteViewDialog } from './DeleteViewDialog';
import { useAnomalies, useViews } from './useViews';

export interface ViewBarProps {
  base: string;
  query: LogQuery;
  zone: string;
  /** The name of the view of what was found, if one is open. */
  anomaly: string;
  /** At the end of the bar. */
  children: ReactNode;
}

/** Searches to choose from: everything, those the team keeps, and what was found without asking. */
export function ViewBar({ base, query, zone, anomaly, children }: ViewBarProps) {
  const translate = useTranslate();
  const views = useViews(zone);
  const maySave = usePermissionSet()('ledger.save_view');
  const [dialog, setDialog] = useState<'save' | 'delete' | null>(null);
  const text = printQuery(query);
  const open = anomaly
    ? undefined
    : views.find((view) => printQuery(parseQuery(view.query).query) === text);
  const isAll = !anomaly && !open && !isAnythingAsked(query);
  const to = (params: Record<string, string>) => `${base}?${new URLSearchParams(params)}`;
  return (
    <Bar>
      <nav aria-label={translate('ledger.view.label')}>
        <ul>
          <li>
            <Link to={to({ query: '' })} aria-current={isAll ? 'page' : undefined}>
              {translate('ledger.view.all')}
            </Link>
          </li>
          {views.map(({ id, name, note, query: asked, count }) => (
            <li key={id}>
              <Link
                to={to({ query: asked })}
                title={note || undefined}
                aria-current={id === open?.id ? 'page' : undefined}
              >
                <bdi translate="no">{name}</bdi>
                {count !== undefined && <span className="count">{count.toLocaleString()}</span>}
              </Link>
            </li>
          ))}
          <FoundMenu base={base} anomaly={anomaly} />
        </ul>
      </nav>
      {maySave && !anomaly && !open && isAnythingAsked(query) && (
        <Button startIcon={<BookmarkAdd />} onClick={() => setDialog('save')} sx={{ flex: 'none' }}>
          {translate('ledger.view.save')}
        </Button>
      )}
      {maySave && open?.mayChange && (
        <Tooltip title={translate('ledger.view.delete')}>
          <IconButton
            aria-label={translate('ledger.view.delete')}
            onClick={() => setDialog('delete')}
          >
            <DeleteOutline sx={{ fontSize: 18 }} />
          </IconButton>
        </Tooltip>
      )}
      <div className="end">{children}</div>
      {dialog === 'save' && (
        <SaveViewDialog query={text} zone={zone} onClose={() => setDialog(null)} />
      )}
      {dialog === 'delete' && open && (
        <DeleteViewDialog view={open} onClose={() => setDialog(null)} />
      )}
    </Bar>
  );
}

function FoundMenu({ base, anomaly }: { base: string; anomaly: string }) {
  const translate = useTranslate();
  const anomalies = useAnomalies();
  const [anchor, setAnchor] = useState<HTMLElement | null>(null);
  const found = anomalies.filter(({ count }) => count > 0);
  const open = anomalies.find(({ name }) => name === anomaly);
  if (anomalies.length === 0) return null;
  return (
    <li>
      <button
        type="button"
        aria-haspopup="menu"
        aria-expanded={anchor !== null}
        aria-current={anomaly ? 'page' : undefined}
        onClick={(event) => setAnchor(event.currentTarget)}
      >
        <span>
          {open
            ? translate(`ledger.anomaly.${open.name}`, { _: open.title })
            : translate('ledger.view.found')}
        </span>
        <span className="count">{open ? countText(open) : found.length}</span>
        <ExpandMore aria-hidden />
      </button>
      <Menu anchorEl={anchor} open={anchor !== null} onClose={() => setAnchor(null)}>
        {anomalies.map((each) => (
          <MenuItem
            key={each.name}
            component={Link}
            to={`${base}?${new URLSearchParams({ found: each.name })}`}
            selected={each.name === anomaly}
            onClick={() => setAnchor(null)}
            sx={{
              gap: 2,
              justifyContent: 'space-between',
              color: each.count ? undefined : 'text.secondary',
            }}
          >
            <span>{translate(`ledger.anomaly.${each.name}`, { _: each.title })}</span>
            <span>{countText(each)}</span>
          </MenuItem>
        ))}
      </Menu>
    </li>
  );
}

export const countText = ({ count, isMore }: { count: number; isMore: boolean }) =>
  `${count.toLocaleString()}${isMore ? '+' : ''}`;

const Bar = styled('div')(({ theme }) => ({
  display: 'flex',
  alignItems: 'center',
  gap: 8,
  minWidth: 0,
  minHeight: 40,
  flexWrap: 'wrap',
  borderBottom: `1px solid ${theme.palette.divider}`,
  '& nav': { minWidth: 0, overflowX: 'auto', scrollbarWidth: 'thin' },
  '& ul': { display: 'flex', listStyle: 'none', margin: 0, padding: 0 },
  '& nav a, & nav button': {
    display: 'inline-flex',
    alignItems: 'center',
    gap: 6,
    height: 40,
    padding: '0 10px',
    border: 0,
    borderBottom: '2px solid transparent',
    background: 'none',
    color: theme.palette.text.secondary,
    font: 'inherit',
    fontSize: '.8125rem',
    fontWeight: 550,
    textDecoration: 'none',
    whiteSpace: 'nowrap',
    cursor: 'pointer',
  },
  '& nav a:focus-visible, & nav button:focus-visible': { outlineOffset: -2 },
  '& nav svg': { fontSize: 16 },
  '& nav [aria-current]': {
    color: theme.palette.primary.main,
    borderBottomColor: theme.palette.primary.main,
    fontWeight: 650,
  },
  '& .count': {
    padding: '0 6px',
    borderRadius: 9,
    backgroundColor: theme.palette.action.selected,
    fontSize: '.75rem',
    lineHeight: '18px',
    fontWeight: 600,
  },
  '& .end': {
    marginLeft: 'auto',
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'center',
    gap: 8,
  },
}));
