import { useState } from 'react';
import { useTranslate } from 'react-admin';
import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import IconButton from '@mui/material/IconButton';
import MenuItem from '@mui/material/MenuItem';
import TextField from '@mui/material/TextField';
import Typography from '@mui/material/Typography';
import Close from '@mui/icons-material/Close';
import type { Scene, SceneRule } from '../../api/records';
import { ConfirmDialog } from '../../shared/ConfirmDialog';
import { useTemplates } from '../../shared/useTemplates';
import type { RoomScenes } from './useScenes';

export type EditedScene = Pick<Scene, 'name' | 'description' | 'rules'> &
  Partial<Pick<Scene, 'id' | 'room' | 'isBuiltIn'>>;

/** What a new scene begins with: hosts go on, everybody else listens. */
export const EMPTY_SCENE: EditedScene = {
  name: '',
  description: '',
  rules: [
    { from: 'host', to: 'host' },
    { from: '*', to: null },
  ],
};

/** In a list of choices there is no null. */
const SILENT = '';

export interface SceneEditorProps {
  room: string;
  scene: EditedScene;
  scenes: RoomScenes;
  onClose: () => void;
}

/** A scene is a list of rules: people with this role get that one while it is active. */
export function SceneEditor({ room, scene, scenes, onClose }: SceneEditorProps) {
  const translate = useTranslate();
  const [name, setName] = useState(scene.name);
  const [description, setDescription] = useState(scene.description);
  const [rules, setRules] = useState<SceneRule[]>(scene.rules);
  const change = (at: number, rule: SceneRule) =>
    setRules(rules.map((each, index) => (index === at ? rule : each)));
  const { id } = scene;
  const [isDeleting, setIsDeleting] = useState(false);

  const save = () => {
    const draft = { name: name.trim(), description: description.trim(), rules };
    return scenes.save(id ?? null, {
      room: scene.room === undefined ? room : scene.room,
      ...draft,
    });
  };

  if (id && isDeleting) {
    return (
      <ConfirmDialog
        key="delete"
        isOpen
        isDestructive
        title={translate('room_scenes.remove_title', { name: scene.name })}
        confirmLabel={translate('room_scenes.remove')}
        onConfirm={() => scenes.remove(id)}
        onClose={onClose}
      >
        <Typography variant="body2">{translate('room_scenes.remove_text')}</Typography>
      </ConfirmDialog>
    );
  }
  return (
    <ConfirmDialog
      isOpen
      title={translate(id ? 'room_scenes.edit_title' : 'room_scenes.new_title')}
      confirmLabel={translate('room_scenes.save')}
      onConfirm={save}
      onClose={onClose}
    >
      <TextField
        label={translate('room_scenes.name')}
        value={name}
        required
        autoFocus
        onChange={(event) => setName(event.target.value)}
        slotProps={{ htmlInput: { maxLength: 100 } }}
      />
      <TextField
        label={translate('room_scenes.description')}
        value={description}
        onChange={(event) => setDescription(event.target.value)}
        slotProps={{ htmlInput: { maxLength: 300 } }}
      />
      <Typography variant="h3" sx={{ mt: 2, mb: 1 }}>
        {translate('room_scenes.rules')}
      </Typography>
      {rules.map((rule, at) => (
        <RuleFields
          // Rules have no name of their own, and none is ever moved.
          key={at}
          rule={rule}
          onChange={(changed) => change(at, changed)}
          onRemove={() => setRules(rules.filter((_each, index) => index !== at))}
        />
      ))}
      <Button onClick={() => setRules([...rules, { from: 'speaker', to: null }])}>
        {translate('room_scenes.add_rule')}
      </Button>
      {id && (
        <Button color="error" onClick={() => setIsDeleting(true)}>
          <span>{`${translate('room_scenes.remove')}…`}</span>
        </Button>
      )}
    </ConfirmDialog>
  );
}

interface RuleFieldsProps {
  rule: SceneRule;
  onChange: (rule: SceneRule) => void;
  onRemove: () => void;
}

function RuleFields({ rule, onChange, onRemove }: RuleFieldsProps) {
  const translate = useTranslate();
  const { published } = useTemplates();
  const roles = published.map((template) => (
    <MenuItem key={template.key} value={template.key}>
      {template.name}
    </MenuItem>
  ));
  return (
    <Box sx={{ display: 'flex', gap: 1, alignItems: 'center' }}>
      <TextField
        select
        label={translate('room_scenes.from')}
        value={rule.from}
        onChange={(event) => onChange({ ...rule, from: event.target.value })}
      >
        <MenuItem value="*">{translate('room_scenes.everybody_else')}</MenuItem>
        {roles}
      </TextField>
      <TextField
        select
        label={translate('room_scenes.to')}
        value={rule.to ?? SILENT}
        onChange={(event) => onChange({ ...rule, to: event.target.value || null })}
        slotProps={{ select: { displayEmpty: true }, inputLabel: { shrink: true } }}
      >
        <MenuItem value={SILENT}>{translate('room_scenes.silent')}</MenuItem>
        {roles}
      </TextField>
      <IconButton aria-label={translate('room_scenes.remove_rule')} onClick={onRemove}>
        <Close sx={{ fontSize: 18 }} />
      </IconButton>
    </Box>
  );
}
