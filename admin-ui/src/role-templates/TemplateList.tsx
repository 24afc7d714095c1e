import { DataTable, useLocale, useTranslate } from 'react-admin';
import Box from '@mui/material/Box';
import Badge from '@mui/icons-material/BadgeOutlined';
import type { RoleTemplate } from '../api/records';
import { SearchFilter, SelectFilter } from '../shared/filters';
import { RecordList } from '../shared/RecordList';
import { RoleChip } from '../shared/RoleChip';
import { RowLink } from '../shared/RowLink';
import { StatusBadge } from '../shared/StatusBadge';
import { durationText } from '../shared/time';
import { TimeText } from '../shared/TimeText';
import { grantSummary } from './grantSummary';
import './messages.en';
import { templatePath } from './templateApi';

const Column = DataTable.Col<RoleTemplate>;
const wide = { display: { xs: 'none', md: 'table-cell' } };

export function TemplateList() {
  const translate = useTranslate();
  const locale = useLocale();
  return (
    <RecordList
      title="app.nav.templates"
      sort={{ field: 'name', order: 'ASC' }}
      filterDefaultValues={{ isArchived: false }}
      create={{ permission: 'role_template.write', label: 'role_templates.create' }}
      empty={{
        icon: <Badge />,
        title: 'role_templates.empty_title',
        text: 'role_templates.empty_text',
      }}
      rowClick={(template) => templatePath(template.key as string)}
      isRowMuted={(template) => template.isArchived as boolean}
      filters={
        <>
          <SearchFilter label="role_templates.search" />
          <SelectFilter
            source="isArchived"
            label="role_templates.filter.state"
            choices={[
              { id: false, label: 'role_templates.filter.current' },
              { id: true, label: 'role_templates.filter.archived' },
            ]}
          />
        </>
      }
    >
      <Column
        source="name"
        render={(template) => (
          <Box sx={{ minWidth: 0 }}>
            <RowLink to={templatePath(template.key)}>
              <RoleChip template={template.key} name={template.name} color={template.color} />
            </RowLink>
          </Box>
        )}
      />
      <Column
        label="resources.role-templates.fields.summary"
        sx={wide}
        render={(template) => grantSummary(template.grants, translate)}
      />
      <Column
        source="published"
        render={(template) => (
          <Box sx={{ display: 'flex', gap: 1, flexWrap: 'wrap' }}>
            {template.isArchived ? (
              <StatusBadge tone="neutral">{translate('role_templates.state.archived')}</StatusBadge>
            ) : template.published === null ? (
              <StatusBadge tone="neutral">
                {translate('role_templates.state.unpublished')}
              </StatusBadge>
            ) : (
              <span>{`v${template.published}`}</span>
            )}
            {template.draft && (
              <StatusBadge tone="pending">{translate('role_templates.state.draft')}</StatusBadge>
            )}
          </Box>
        )}
      />
      <Column
        label="resources.role-templates.fields.ttl"
        sx={wide}
        render={(template) =>
          template.ttl === null
            ? translate('role_templates.default_ttl')
            : durationText(template.ttl, locale)
        }
      />
      <Column source="assignments" align="right" disableSort sx={wide} />
      <Column source="live" align="right" disableSort />
      <Column
        source="publishedAt"
        sx={wide}
        disableSort
        render={(template) => <TimeText at={template.publishedAt} />}
      />
    </RecordList>
  );
}
