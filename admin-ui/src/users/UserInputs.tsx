import { SelectInput, TextInput, useTranslate } from 'react-admin';
import { useWatch } from 'react-hook-form';
import { AttributesInput } from './AttributesInput';
import { LookAlikeWarning } from './LookAlikeWarning';

function TypedLookAlikes() {
  const identity: unknown = useWatch({ name: 'identity' });
  return <LookAlikeWarning identity={typeof identity === 'string' ? identity : ''} />;
}

export function UserInputs({ isNew, isReadOnly }: { isNew?: boolean; isReadOnly?: boolean }) {
  const translate = useTranslate();
  return (
    <>
      {isNew && (
        <>
          <TextInput source="identity" helperText={translate('users.help.identity')} autoFocus />
          <TypedLookAlikes />
        </>
      )}
      <TextInput
        source="name"
        parse={(text: string) => text}
        helperText={translate('users.help.name')}
        readOnly={isReadOnly}
      />
      <SelectInput
        source="kind"
        choices={[
          { id: 'standard', name: 'users.kind.standard' },
          { id: 'agent', name: 'users.kind.agent' },
        ]}
        helperText={translate('users.help.kind')}
        readOnly={isReadOnly}
      />
      <TextInput
        source="metadata"
        multiline
        minRows={2}
        parse={(text: string) => text}
        helperText={translate('users.help.metadata')}
        readOnly={isReadOnly}
      />
      <AttributesInput
        source="attributes"
        label={translate('resources.users.fields.attributes')}
        helperText={translate('users.help.attributes')}
        isReadOnly={isReadOnly}
      />
    </>
  );
}
