import { useTranslate } from 'react-admin';
import Divider from '@mui/material/Divider';
import ListItemText from '@mui/material/ListItemText';
import MenuItem from '@mui/material/MenuItem';
import MenuList from '@mui/material/MenuList';
import type { Scene } from '../../api/records';
import { PopoverDialog } from '../../shared/PopoverDialog';
import { useTemplates } from '../../shared/useTemplates';
import { EMPTY_SCENE, type EditedScene } from './SceneEditor';
import { rulesInWords } from './sceneWords';
import type { RoomScenes } from './useScenes';

export interface SceneMenuProps {
  scenes: RoomScenes;
  anchor: HTMLElement;
  canWrite: boolean;
  /** Why nothing can be sent now; null when it can. */
  unreachable: string | null;
  onEnter: (id: string) => void;
  onEdit: (scene: EditedScene) => void;
  onClose: () => void;
}

/** The scenes of this room: choosing one starts it. */
export function SceneMenu(props: SceneMenuProps) {
  const { scenes, anchor, canWrite, unreachable, onEnter, onEdit, onClose } = props;
  const translate = useTranslate();
  const { byKey } = useTemplates();
  const choose = (act: () => void) => () => {
    onClose();
    act();
  };
  const obstacle = (scene: Scene) =>
    unreachable ?? (scenes.active?.id === scene.id ? translate('room_scenes.plays') : null);
  const line = (scene: Scene) => scene.description || rulesInWords(scene.rules, byKey, translate);
  return (
    <PopoverDialog
      title={translate('room_scenes.menu')}
      anchor={anchor}
      sx={{ maxWidth: 'min(420px, calc(100% - 32px))' }}
      onClose={onClose}
    >
      {/* What cannot be chosen says why, so the keys have to reach it. */}
      <MenuList autoFocusItem disabledItemsFocusable aria-label={translate('room_scenes.menu')}>
        {scenes.saved.map((scene) => (
          <MenuItem
            key={scene.id}
            aria-disabled={obstacle(scene) !== null}
            onClick={obstacle(scene) === null ? choose(() => onEnter(scene.id)) : undefined}
            sx={MENU_ITEM}
          >
            <ListItemText
              primary={translate('room_scenes.play', { name: scene.name })}
              secondary={obstacle(scene) ?? line(scene)}
            />
          </MenuItem>
        ))}
        {canWrite && scenes.saved.length > 0 && <Divider />}
        {canWrite &&
          scenes.saved
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
        {!canWrite && scenes.saved.length === 0 && (
          <MenuItem aria-disabled sx={MENU_ITEM}>
            {translate('room_scenes.none')}
          </MenuItem>
        )}
      </MenuList>
    </PopoverDialog>
  );
}

const MENU_ITEM = {
  whiteSpace: 'normal',
  '&[aria-disabled=true]': { color: 'text.secondary', cursor: 'not-allowed' },
} as const;
