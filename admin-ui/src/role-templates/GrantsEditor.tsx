import { useId } from 'react';
import { useTranslate } from 'react-admin';
import Box from '@mui/material/Box';
import Checkbox from '@mui/material/Checkbox';
import FormControlLabel from '@mui/material/FormControlLabel';
import FormGroup from '@mui/material/FormGroup';
import Switch from '@mui/material/Switch';
import TextField from '@mui/material/TextField';
import Typography from '@mui/material/Typography';
import {
  canonicalSources,
  type FlagKey,
  GRANT_CATALOGUE,
  GRANT_GROUPS,
  type GrantDescription,
  hasFlag,
  type RoleGrants,
  TRACK_SOURCES,
} from '@rolecall/server/grants';
import { Panel } from '../shared/Panel';

export interface GrantsEditorProps {
  grants: RoleGrants;
  isReadOnly: boolean;
  /** What the server said about single grants, by path. */
  errors: Record<string, string>;
  onChange: (grants: RoleGrants) => void;
}

/** Every grant as it is, on or off: nothing is left to LiveKit's defaults. */
export function GrantsEditor(props: GrantsEditorProps) {
  return (
    <>
      {GRANT_GROUPS.map((group) => (
        <Panel key={group.id} title={group.title}>
          <Box sx={{ display: 'grid', gap: 1 }}>
            {GRANT_CATALOGUE.filter((grant) => grant.group === group.id).map((grant) => (
              <Grant key={grant.key} grant={grant} {...props} />
            ))}
          </Box>
        </Panel>
      ))}
    </>
  );
}

function Grant({ grant, ...props }: GrantsEditorProps & { grant: GrantDescription }) {
  switch (grant.kind) {
    case 'flag':
      return <Flag grant={grant} flag={grant.key} {...props} />;
    case 'sources':
      return <Sources grant={grant} {...props} />;
    case 'room':
      return <Destination grant={grant} {...props} />;
  }
}

type GrantProps = GrantsEditorProps & { grant: GrantDescription };

function Flag({
  grant,
  flag,
  grants,
  isReadOnly,
  errors,
  onChange,
}: GrantProps & { flag: FlagKey }) {
  const id = useId();
  const error = errors[`grants.${flag}`];
  return (
    <Box sx={{ display: 'flex', gap: 1, alignItems: 'flex-start' }}>
      <Switch
        checked={hasFlag(grants, flag)}
        disabled={isReadOnly}
        onChange={(event) => onChange(withFlag(grants, flag, event.target.checked))}
        slotProps={{
          input: { role: 'switch', 'aria-labelledby': `${id}-title`, 'aria-describedby': id },
        }}
      />
      <Box sx={{ minWidth: 0 }}>
        <Title grant={grant} id={`${id}-title`} />
        <Typography variant="body2" color="text.secondary" id={id}>
          {grant.sentence}
        </Typography>
        {error && <Typography color="error">{error}</Typography>}
      </Box>
    </Box>
  );
}

function Title({ grant, id }: { grant: GrantDescription; id?: string }) {
  const translate = useTranslate();
  return (
    <Box sx={{ display: 'flex', gap: 1, alignItems: 'baseline', flexWrap: 'wrap' }}>
      <Typography component="span" id={id} sx={{ fontWeight: 600 }}>
        {grant.title}
      </Typography>
      <Box component="code" sx={{ color: 'text.secondary', fontSize: '.75rem' }}>
        {grant.key}
      </Box>
      {grant.isServerWide && (
        <Typography component="span" variant="caption" color="error">
          {translate('role_templates.grant.server_wide')}
        </Typography>
      )}
      {!grant.isLiveChangeable && grant.key !== 'roomJoin' && (
        <Typography component="span" variant="caption" color="text.secondary">
          {translate('role_templates.grant.next_join')}
        </Typography>
      )}
    </Box>
  );
}

function Sources({ grant, grants, isReadOnly, errors, onChange }: GrantProps) {
  const translate = useTranslate();
  const id = useId();
  const chosen = grants.canPublishSources;
  const note = !grants.canPublish
    ? chosen.length > 0 && 'role_templates.grant.sources_off'
    : chosen.length === 0 && 'role_templates.grant.sources_none';
  const error = errors['grants.canPublishSources'];
  return (
    <Box role="group" aria-labelledby={id} sx={{ pl: 5 }}>
      <Title grant={grant} id={id} />
      <Typography variant="body2" color="text.secondary">
        {grant.sentence}
      </Typography>
      <FormGroup row>
        {TRACK_SOURCES.map((source) => (
          <FormControlLabel
            key={source}
            disabled={isReadOnly}
            control={
              <Checkbox
                checked={chosen.includes(source)}
                onChange={(event) =>
                  onChange({
                    ...grants,
                    canPublishSources: canonicalSources(
                      event.target.checked
                        ? [...chosen, source]
                        : chosen.filter((each) => each !== source),
                    ),
                  })
                }
              />
            }
            label={translate(`role_templates.sources.${source}`)}
          />
        ))}
      </FormGroup>
      {note && (
        <Typography variant="body2" color="warning.main">
          {translate(note)}
        </Typography>
      )}
      {error && <Typography color="error">{error}</Typography>}
    </Box>
  );
}

function Destination({ grant, grants, isReadOnly, errors, onChange }: GrantProps) {
  const translate = useTranslate();
  const error = errors['grants.destinationRoom'];
  return (
    <Box sx={{ pl: 5 }}>
      <Title grant={grant} />
      <Typography variant="body2" color="text.secondary">
        {grant.sentence}
      </Typography>
      <TextField
        label={translate('role_templates.fields.destination')}
        value={grants.destinationRoom}
        slotProps={{ input: { readOnly: isReadOnly } }}
        error={Boolean(error)}
        helperText={error ?? translate('role_templates.fields.destination_help')}
        onChange={(event) => onChange({ ...grants, destinationRoom: event.target.value })}
        sx={{ maxWidth: 360 }}
      />
    </Box>
  );
}

function withFlag(grants: RoleGrants, flag: FlagKey, isOn: boolean): RoleGrants {
  switch (flag) {
    case 'sip.admin':
      return { ...grants, sip: { ...grants.sip, admin: isOn } };
    case 'sip.call':
      return { ...grants, sip: { ...grants.sip, call: isOn } };
    case 'inference.perform':
      return { ...grants, inference: { perform: isOn } };
    case 'observability.write':
      return { ...grants, observability: { write: isOn } };
    default:
      return { ...grants, [flag]: isOn };
  }
}
