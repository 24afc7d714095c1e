import {
  maxLength,
  minValue,
  NumberInput,
  required,
  SelectInput,
  TextInput,
  useTranslate,
} from 'react-admin';
import Box from '@mui/material/Box';
import { TemplateInput } from '../shared/TemplateInput';

const twoColumns = {
  display: 'grid',
  gridTemplateColumns: { xs: '1fr', sm: '1fr 1fr' },
  columnGap: 2,
  width: '100%',
};

export function RoomInputs({ isNew, isReadOnly }: { isNew?: boolean; isReadOnly?: boolean }) {
  const translate = useTranslate();
  return (
    <>
      {isNew && (
        <TextInput
          source="name"
          validate={required()}
          helperText={translate('rooms.help.name')}
          autoFocus
        />
      )}
      <TextInput
        source="title"
        parse={(text: string) => text}
        helperText={translate('rooms.help.title')}
        readOnly={isReadOnly}
      />
      <Box sx={twoColumns}>
        <TemplateInput
          source="defaultTemplate"
          emptyText={translate('rooms.no_default')}
          helperText={translate('rooms.help.defaultTemplate')}
          isReadOnly={isReadOnly}
        />
        <TemplateInput
          source="promoteTemplate"
          emptyText={translate('rooms.default_promote')}
          helperText={translate('rooms.help.promoteTemplate')}
          isReadOnly={isReadOnly}
        />
        <NumberInput
          source="emptyTimeout"
          min={0}
          validate={[required(), minValue(0)]}
          helperText={translate('rooms.help.emptyTimeout')}
          readOnly={isReadOnly}
        />
        <NumberInput
          source="departureTimeout"
          min={0}
          validate={[required(), minValue(0)]}
          helperText={translate('rooms.help.departureTimeout')}
          readOnly={isReadOnly}
        />
        <NumberInput
          source="maxParticipants"
          min={0}
          validate={[required(), minValue(0)]}
          helperText={translate('rooms.help.maxParticipants')}
          readOnly={isReadOnly}
        />
        <SelectInput
          source="unlistedParticipants"
          validate={required()}
          choices={[
            { id: 'allow', name: 'rooms.unlisted.allow' },
            { id: 'remove', name: 'rooms.unlisted.remove' },
          ]}
          readOnly={isReadOnly}
        />
      </Box>
      <TextInput
        source="metadata"
        multiline
        minRows={2}
        parse={(text: string) => text}
        validate={maxLength(65_536)}
        helperText={translate('rooms.help.metadata')}
        readOnly={isReadOnly}
      />
    </>
  );
}
