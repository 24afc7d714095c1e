import { type FormEvent, useEffect, useState } from 'react';
import { Title, useTranslate } from 'react-admin';
import Alert from '@mui/material/Alert';
import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import Checkbox from '@mui/material/Checkbox';
import FormControlLabel from '@mui/material/FormControlLabel';
import MenuItem from '@mui/material/MenuItem';
import TextField from '@mui/material/TextField';
import Typography from '@mui/material/Typography';
import { useSearchParams } from 'react-router-dom';
import { postJson } from '../api/httpClient';
import type { IssuedToken } from '@rolecall/server/api';
import { useAnnounce } from '../shared/announce';
import { AttributePairs } from '../shared/AttributePairs';
import { Panel } from '../shared/Panel';
import { problemOf } from '../api/problem';
import { ReasonField } from '../shared/ReasonField';
import { RoleChip } from '../shared/RoleChip';
import { useErrorText } from '../shared/useErrorText';
import { usePermissionSet } from '../session/usePermissionSet';
import { useTemplates } from '../shared/useTemplates';
import { IssuedTokenView } from './IssuedTokenView';
import './messages.en';
import { Refusal, refusalOf } from './Refusal';
import { EMPTY_FORM, isAskable, tokenBody, type TokenForm } from './tokenRequest';
import { TokenPreviewPanel } from './TokenPreviewPanel';
import { useTokenPreview } from './useTokenPreview';
import { RoomField, WhoField } from './WhoField';

export function IssueTokenPage() {
  const translate = useTranslate();
  const [search] = useSearchParams();
  const can = usePermissionSet();
  const [form, setForm] = useState<TokenForm>(() => ({
    ...EMPTY_FORM,
    createRoom: can('room.create'),
    createUser: can('user.create'),
    room: search.get('room') ?? '',
    who: search.get('identity') ?? '',
    template: search.get('template') ?? '',
  }));
  // In this component's state only: no query or mutation cache ever holds a token.
  const [issued, setIssued] = useState<IssuedToken | null>(null);

  useEffect(() => {
    // A page that the browser keeps for its back button must not keep the token.
    const drop = () => setIssued(null);
    window.addEventListener('pagehide', drop);
    return () => window.removeEventListener('pagehide', drop);
  }, []);

  return (
    <>
      <Title title={translate('tokens.title')} />
      {issued ? (
        <IssuedTokenView issued={issued} onDone={() => setIssued(null)} />
      ) : (
        <TokenFormView form={form} onForm={setForm} onIssued={setIssued} />
      )}
    </>
  );
}

interface TokenFormViewProps {
  form: TokenForm;
  onForm: (form: TokenForm) => void;
  onIssued: (issued: IssuedToken) => void;
}

function TokenFormView({ form, onForm, onIssued }: TokenFormViewProps) {
  const translate = useTranslate();
  const announce = useAnnounce();
  const can = usePermissionSet();
  const canPreview = can('token.preview', form.room || undefined);
  const preview = useTokenPreview(form, canPreview);
  const [failure, setFailure] = useState<unknown>(null);
  const [isBusy, setIsBusy] = useState(false);
  const errors = problemOf(failure)?.errors ?? {};
  const set = (part: Partial<TokenForm>) => onForm({ ...form, ...part });

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setIsBusy(true);
    setFailure(null);
    try {
      const issued = await postJson<IssuedToken>('/tokens', tokenBody(form));
      announce(translate('tokens.result.announced'));
      onIssued(issued);
    } catch (error) {
      setFailure(error);
      setIsBusy(false);
    }
  };

  const text = (field: 'ttl' | 'name' | 'metadata', isMultiline = false) => (
    <TextField
      label={translate(`tokens.fields.${field}`)}
      value={form[field]}
      multiline={isMultiline}
      error={Boolean(errors[field])}
      helperText={errors[field] ?? translate(`tokens.fields.${field}_help`)}
      onChange={(event) => set({ [field]: event.target.value })}
    />
  );

  return (
    <Box
      sx={{
        display: 'grid',
        gap: 2,
        gridTemplateColumns: { xs: '1fr', lg: 'minmax(0, 1.2fr) minmax(320px, 1fr)' },
        alignItems: 'start',
      }}
    >
      <Panel title={translate('tokens.title')} text={translate('tokens.intro')}>
        <form onSubmit={(event) => void submit(event)} noValidate>
          <WhoField
            value={form.who}
            error={errors.identity ?? errors.user}
            onChange={(who) => set({ who })}
          />
          <RoomField value={form.room} error={errors.room} onChange={(room) => set({ room })} />
          <RoleField
            value={form.template}
            error={errors.template}
            isAllowed={can('token.issue_as', form.room || undefined)}
            onChange={(template) => set({ template })}
          />
          {text('ttl')}
          <Typography variant="h3" sx={{ mt: 2 }}>
            {translate('tokens.fields.more')}
          </Typography>
          {text('name')}
          {text('metadata', true)}
          <AttributePairs
            label={translate('tokens.fields.attributes')}
            value={form.attributes}
            error={errors.attributes}
            onChange={(attributes) => set({ attributes })}
          />
          <Box sx={{ display: 'flex', flexDirection: 'column', mt: 1 }}>
            <CreateBox
              label={translate('tokens.fields.create_room')}
              permission="room.create"
              isChecked={form.createRoom}
              onChange={(createRoom) => set({ createRoom })}
            />
            <CreateBox
              label={translate('tokens.fields.create_user')}
              permission="user.create"
              isChecked={form.createUser}
              onChange={(createUser) => set({ createUser })}
            />
          </Box>
          <ReasonField value={form.reason} onChange={(reason) => set({ reason })} />
          {failure !== null && <Failure error={failure} />}
          <Button
            type="submit"
            variant="contained"
            loading={isBusy}
            disabled={!isAskable(form)}
            sx={{ mt: 2 }}
          >
            {translate('tokens.submit')}
          </Button>
        </form>
      </Panel>
      <Box sx={{ position: { lg: 'sticky' }, top: { lg: 64 }, minWidth: 0 }}>
        <TokenPreviewPanel isAllowed={canPreview} answer={preview.answer} error={preview.error} />
      </Box>
    </Box>
  );
}

function Failure({ error }: { error: unknown }) {
  const translate = useTranslate();
  const errorText = useErrorText();
  return (
    <Box sx={{ mt: 2 }}>
      {refusalOf(error) ? (
        <Refusal title={translate('tokens.refused')} error={error} />
      ) : (
        <Alert severity="error">{errorText(error)}</Alert>
      )}
    </Box>
  );
}

interface CreateBoxProps {
  label: string;
  permission: 'room.create' | 'user.create';
  isChecked: boolean;
  onChange: (isChecked: boolean) => void;
}

function CreateBox({ label, permission, isChecked, onChange }: CreateBoxProps) {
  const translate = useTranslate();
  const isAllowed = usePermissionSet()(permission);
  return (
    <FormControlLabel
      disabled={!isAllowed}
      control={
        <Checkbox
          checked={isChecked && isAllowed}
          onChange={(event) => onChange(event.target.checked)}
        />
      }
      label={isAllowed ? label : translate('tokens.fields.create_needs', { label, permission })}
    />
  );
}

interface RoleFieldProps {
  value: string;
  error: string | undefined;
  isAllowed: boolean;
  onChange: (template: string) => void;
}

function RoleField({ value, error, isAllowed, onChange }: RoleFieldProps) {
  const translate = useTranslate();
  const { published } = useTemplates();
  const help = isAllowed ? 'tokens.fields.template_help' : 'tokens.fields.template_forbidden';
  // A role named in the address is shown once the list that has it is there.
  const shown = published.some(({ key }) => key === value) ? value : '';
  return (
    <TextField
      select
      label={translate('tokens.fields.template')}
      value={shown}
      disabled={!isAllowed}
      error={Boolean(error)}
      helperText={error ?? translate(help)}
      onChange={(event) => onChange(event.target.value)}
      slotProps={{
        select: { displayEmpty: true },
        inputLabel: { shrink: true },
        // It says why the field is off, so it has to be readable.
        formHelperText: { sx: { '&.Mui-disabled': { color: 'text.secondary' } } },
      }}
    >
      <MenuItem value="">{translate('tokens.fields.template_policy')}</MenuItem>
      {published.map(({ key, name, color, published: version }) => (
        <MenuItem key={key} value={key}>
          <RoleChip template={key} name={name} color={color} version={version} />
        </MenuItem>
      ))}
    </TextField>
  );
}
