import { useTranslate } from 'react-admin';
import Divider from '@mui/material/Divider';
import ListItemText from '@mui/material/ListItemText';
import Menu from '@mui/material/Menu';
import MenuItem from '@mui/material/MenuItem';
import type { Scene } from '../../providers/records';
import { useTemplates } from '../../shared/useTemplates';
import { EMPTY_SCENE, type EditedScene } from './SceneEditor';
import { rulesInWords } from './sceneWords';
import type { SceneDesk } from './useScenes';

export interface SceneMenuProps {
  desk: SceneDesk;
  anchor: HTMLElement;
  canWrite: boolean;
  isReachable: boolean;
  onEnter: (id: string) => void;
  onEdit: (scene: EditedScene) => void;
  onClose: () => void;
}

/** The scenes of this room: choosing one plays it. */
export function SceneMenu(props: SceneMenuProps) {
  const { desk, anchor, canWrite, isReachable, onEnter, onEdit, onClose } = props;
  const translate = useTranslate();
  const { byKey } = useTemplates();
  const choose = (act: () => void) => () => {
    onClose();
    act();
  };
  const line = (scene: Scene) => scene.description || rulesInWords(scene.rules, byKey, translate);
  return (
    <Menu
      open
      anchorEl={anchor}
      onClose={onClose}
      slotProps={{
        paper: {
          role: 'dialog',
          'aria-label': translate('room_scenes.menu'),
          sx: { maxWidth: 'min(420px, calc(100% - 32px))' },
        },
      }}
    >
      {desk.saved.map((scene) => (
        <MenuItem
          key={scene.id}
          disabled={!isReachable || desk.active?.id === scene.id}
          onClick={choose(() => onEnter(scene.id))}
          sx={{ whiteSpace: 'normal' }}
        >
          <ListItemText
            primary={translate('room_scenes.play', { name: scene.name })}
            secondary={line(scene)}
          />
        </MenuItem>
      ))}
      {canWrite && desk.saved.length > 0 && <Divider />}
      {canWrite &&
        desk.saved
          .filter(({ isBuiltIn }) => !isBuiltIn)
          .map((scene) => (
            <MenuItem key={`edit ${scene.id}`} onClick={choose(() => onEdit(scene))}>
              {translate('room_scenes.edit', { name: scene.name })}
            </MenuItem>
          ))}
      {canWrite && (
        <MenuItem onClick={choose(() => onEdit(EMPTY_SCENE))}>
          {translate('room_scenes.new')}
        </MenuItem>
      )}
      {!canWrite && desk.saved.length === 0 && (
        <MenuItem disabled>{translate('room_scenes.none')}</MenuItem>
      )}
    </Menu>
  );
}
