import { type FormEvent, useEffect, useRef, useState } from 'react';
import { Title, useNotify, useTranslate } from 'react-admin';
import { useQueryClient } from '@tanstack/react-query';
import Box from '@mui/material/Box';
import ButtonBase from '@mui/material/ButtonBase';
import Button from '@mui/material/Button';
import TextField from '@mui/material/TextField';
import Typography from '@mui/material/Typography';
import { Link, useNavigate, useSearchParams } from 'react-router-dom';
import { PRESETS } from '@rolecall/server/grants';
import { RequirePermission } from '../shared/NoAccess';
import { postJson } from '../api/httpClient';
import type { RoleTemplate } from '../api/records';
import { Panel } from '../shared/Panel';
import { problemOf } from '../api/problem';
import { RoleChip } from '../shared/RoleChip';
import { useErrorText } from '../shared/useErrorText';
import { useTemplates } from '../shared/useTemplates';
import { grantSummary } from './grantSummary';
import './messages.en';
import {
  contentBody,
  contentOf,
  EMPTY_CONTENT,
  refreshTemplates,
  templatePath,
  type TemplateContent,
} from './templateApi';

interface Start {
  id: string;
  name: string;
  description: string;
  color: string | null;
  content: TemplateContent;
  isCopy: boolean;
  /** Offered beside the presets: what is built in looks just like one of them. */
  isShown: boolean;
}

const BLANK = 'blank';

export function TemplateCreate() {
  return (
    <RequirePermission permission="role_template.write">
      <NewTemplate />
    </RequirePermission>
  );
}

function NewTemplate() {
  const translate = useTranslate();
  const { templates } = useTemplates();
  const [search, setSearch] = useSearchParams();
  const starts = startsFrom(templates);
  const chosen = search.get('from');
  const start = starts.find(({ id }) => id === chosen);
  const isNaming = chosen === BLANK || start !== undefined;
  return (
    <>
      <Title title={translate('role_templates.gallery.title')} />
      {isNaming ? (
        <NameForm key={chosen} start={start} onBack={() => setSearch({})} />
      ) : (
        <Gallery starts={starts} onChoose={(from) => setSearch({ from })} />
      )}
    </>
  );
}

function startsFrom(templates: RoleTemplate[]): Start[] {
  const presets = PRESETS.map((preset) => ({
    id: `preset:${preset.key}`,
    name: preset.name,
    description: preset.description,
    color: preset.color,
    content: contentOf({ ...preset, metadata: '', attributes: {} }),
    isCopy: false,
    isShown: true,
  }));
  const copies = templates.map((template) => ({
    id: template.key,
    name: template.name,
    description: template.description,
    color: template.color,
    content: contentOf(template),
    isCopy: true,
    isShown: !template.isBuiltIn || (template.published ?? 1) > 1,
  }));
  return [...presets, ...copies];
}

function Gallery({ starts, onChoose }: { starts: Start[]; onChoose: (id: string) => void }) {
  const translate = useTranslate();
  const presets = starts.filter(({ isCopy }) => !isCopy);
  const copies = starts.filter(({ isCopy, isShown }) => isCopy && isShown);
  return (
    <Box sx={{ display: 'grid', gap: 2, maxWidth: 1080 }}>
      <Panel title={translate('role_templates.gallery.presets')}>
        <Cards>
          {presets.map((start) => (
            <Card key={start.id} start={start} onClick={() => onChoose(start.id)} />
          ))}
          <CardFrame onClick={() => onChoose(BLANK)}>
            <b>{translate('role_templates.gallery.blank')}</b>
            <Typography variant="body2" color="text.secondary">
              {translate('role_templates.gallery.blank_text')}
            </Typography>
          </CardFrame>
        </Cards>
      </Panel>
      {copies.length > 0 && (
        <Panel title={translate('role_templates.gallery.existing')}>
          <Cards>
            {copies.map((start) => (
              <Card key={start.id} start={start} onClick={() => onChoose(start.id)} />
            ))}
          </Cards>
        </Panel>
      )}
    </Box>
  );
}

function Cards({ children }: { children: React.ReactNode }) {
  return (
    <Box
      sx={{
        display: 'grid',
        gridTemplateColumns: 'repeat(auto-fill, minmax(min(240px, 100%), 1fr))',
        gap: 1.5,
      }}
    >
      {children}
    </Box>
  );
}

function Card({ start, onClick }: { start: Start; onClick: () => void }) {
  const translate = useTranslate();
  return (
    <CardFrame onClick={onClick}>
      <RoleChip template={start.id} name={start.name} color={start.color} />
      <Typography variant="body2" color="text.secondary">
        {start.description || grantSummary(start.content.grants, translate)}
      </Typography>
    </CardFrame>
  );
}

function CardFrame({ onClick, children }: { onClick: () => void; children: React.ReactNode }) {
  return (
    <ButtonBase
      onClick={onClick}
      sx={{
        flexDirection: 'column',
        alignItems: 'flex-start',
        justifyContent: 'flex-start',
        gap: 0.5,
        p: 1.5,
        textAlign: 'start',
        fontFamily: 'inherit',
        border: 1,
        borderColor: 'divider',
        borderRadius: 1,
        '&:hover': { borderColor: 'primary.main' },
      }}
    >
      {children}
    </ButtonBase>
  );
}

/** "Stage hand" → "stage-hand". */
function keyFrom(name: string) {
  return name
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 64);
}

function NameForm({ start, onBack }: { start: Start | undefined; onBack: () => void }) {
  const translate = useTranslate();
  const notify = useNotify();
  const errorText = useErrorText();
  const navigate = useNavigate();
  const client = useQueryClient();
  const [name, setName] = useState(
    start ? translate('role_templates.gallery.copy_of', { name: start.name }) : '',
  );
  const [key, setKey] = useState<string | null>(null);
  const [description, setDescription] = useState(start?.description ?? '');
  const [errors, setErrors] = useState<Record<string, string>>({});
  const [isBusy, setIsBusy] = useState(false);
  const nameField = useRef<HTMLInputElement>(null);
  useEffect(() => {
    nameField.current?.select();
  }, []);
  const shownKey = key ?? keyFrom(name);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setIsBusy(true);
    setErrors({});
    try {
      const made = await postJson<RoleTemplate>('/role-templates', {
        key: shownKey,
        name,
        description,
        color: start?.color ?? '',
        ...contentBody(start?.content ?? EMPTY_CONTENT),
      });
      await refreshTemplates(client);
      void navigate(templatePath(made.key));
    } catch (error) {
      setIsBusy(false);
      const named = problemOf(error)?.errors ?? {};
      setErrors(named);
      if (!named.name && !named.key && !named.description) {
        notify(errorText(error), { type: 'error', autoHideDuration: 8_000 });
      }
    }
  };

  return (
    <Panel
      title={translate('role_templates.gallery.named')}
      text={
        start
          ? translate('role_templates.gallery.from', { name: start.name })
          : translate('role_templates.gallery.from_blank')
      }
      sx={{ maxWidth: 620 }}
    >
      <form onSubmit={(event) => void submit(event)} noValidate>
        <TextField
          inputRef={nameField}
          label={translate('role_templates.fields.name')}
          value={name}
          required
          autoFocus
          error={Boolean(errors.name)}
          helperText={errors.name}
          onChange={(event) => setName(event.target.value)}
        />
        <TextField
          label={translate('role_templates.fields.key')}
          value={shownKey}
          required
          error={Boolean(errors.key)}
          helperText={errors.key ?? translate('role_templates.fields.key_help')}
          onChange={(event) => setKey(event.target.value)}
        />
        <TextField
          label={translate('role_templates.fields.description')}
          value={description}
          multiline
          error={Boolean(errors.description)}
          helperText={errors.description}
          onChange={(event) => setDescription(event.target.value)}
        />
        <Box sx={{ display: 'flex', gap: 1, mt: 2 }}>
          <Button type="submit" variant="contained" loading={isBusy}>
            {translate('role_templates.gallery.submit')}
          </Button>
          <Button onClick={onBack}>{translate('ra.action.back')}</Button>
          <Button component={Link} to="/role-templates">
            {translate('ra.action.cancel')}
          </Button>
        </Box>
      </form>
    </Panel>
  );
}
