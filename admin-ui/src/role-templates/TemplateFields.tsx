import { useTranslate } from 'react-admin';
import TextField from '@mui/material/TextField';
import { AttributePairs } from '../shared/AttributePairs';
import { Panel } from '../shared/Panel';
import type { TemplateBasics, TemplateContent } from './templateApi';

interface BasicsFieldsProps {
  basics: TemplateBasics;
  isReadOnly: boolean;
  errors: Record<string, string>;
  onChange: (basics: TemplateBasics) => void;
}

export function BasicsFields({ basics, isReadOnly, errors, onChange }: BasicsFieldsProps) {
  const translate = useTranslate();
  return (
    <Panel title={translate('role_templates.sections.basics')}>
      {(['name', 'description', 'color'] as const).map((field) => (
        <TextField
          key={field}
          label={translate(`role_templates.fields.${field}`)}
          value={basics[field]}
          slotProps={{ input: { readOnly: isReadOnly } }}
          required={field === 'name'}
          multiline={field === 'description'}
          error={Boolean(errors[field])}
          helperText={
            errors[field] ??
            (field === 'color' ? translate('role_templates.fields.color_help') : undefined)
          }
          onChange={(event) => onChange({ ...basics, [field]: event.target.value })}
        />
      ))}
    </Panel>
  );
}

interface TokenFieldsProps {
  content: TemplateContent;
  isReadOnly: boolean;
  errors: Record<string, string>;
  onChange: (part: Partial<TemplateContent>) => void;
}

export function TokenFields({ content, isReadOnly, errors, onChange }: TokenFieldsProps) {
  const translate = useTranslate();
  const word = (name: string) => translate(`role_templates.fields.${name}`);
  // Not disabled: what may not be changed may still be read and copied.
  const readOnly = { input: { readOnly: isReadOnly } };
  return (
    <Panel title={translate('role_templates.sections.token')}>
      <TextField
        label={word('ttl')}
        value={content.ttl}
        slotProps={readOnly}
        error={Boolean(errors.ttl)}
        helperText={errors.ttl ?? word('ttl_help')}
        onChange={(event) => onChange({ ttl: event.target.value })}
        sx={{ maxWidth: 360 }}
      />
      <TextField
        label={word('metadata')}
        value={content.metadata}
        slotProps={readOnly}
        multiline
        error={Boolean(errors.metadata)}
        helperText={errors.metadata ?? word('metadata_help')}
        onChange={(event) => onChange({ metadata: event.target.value })}
      />
      <AttributePairs
        label={word('attributes')}
        help={word('attributes_help')}
        error={errors.attributes}
        value={content.attributes}
        isReadOnly={isReadOnly}
        onChange={(attributes) => onChange({ attributes })}
      />
    </Panel>
  );
}
