import { NumberInput, required, TextInput, useTranslate } from 'react-admin';
import Box from '@mui/material/Box';
import { TemplateInput } from '../shared/TemplateInput';
import { AssignmentSentence } from './AssignmentSentence';
import { ScopeInput } from './ScopeInput';
import { SubjectInput } from './SubjectInput';
import { WindowInputs } from './WindowInputs';

export function AssignmentInputs({ isNew, isReadOnly }: { isNew?: boolean; isReadOnly?: boolean }) {
  const translate = useTranslate();
  return (
    <>
      <AssignmentSentence />
      {/* Another person is another assignment. */}
      <SubjectInput isReadOnly={isReadOnly || !isNew} />
      <TemplateInput source="template" isReadOnly={isReadOnly} />
      <ScopeInput isReadOnly={isReadOnly} />
      <WindowInputs isReadOnly={isReadOnly} />
      <Box
        sx={{
          display: 'grid',
          gridTemplateColumns: { xs: '1fr', sm: '2fr 1fr' },
          columnGap: 2,
          width: '100%',
          mt: 1,
        }}
      >
        <TextInput
          source="reason"
          parse={(text: string) => text || null}
          helperText={translate('assignments.help.reason')}
          readOnly={isReadOnly}
        />
        <NumberInput
          source="priority"
          validate={required()}
          helperText={translate('assignments.help.priority')}
          readOnly={isReadOnly}
        />
      </Box>
    </>
  );
}
