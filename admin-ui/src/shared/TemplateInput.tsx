import { SelectInput, type SelectInputProps } from 'react-admin';
import { RoleChip } from './RoleChip';
import { useTemplates } from './useTemplates';

export interface TemplateInputProps extends Omit<SelectInputProps, 'choices' | 'optionText'> {
  /** Only what can be given to somebody: published, not archived. */
  source: string;
}

/** Choose a published role template by its key. */
export function TemplateInput(props: TemplateInputProps) {
  const { published, isPending } = useTemplates();
  return (
    <SelectInput
      choices={published.map(({ key, name, color }) => ({ id: key, name, color }))}
      optionText={(choice: { id: string; name: string; color: string | null }) => (
        <RoleChip template={choice.id} name={choice.name} color={choice.color} />
      )}
      isPending={isPending}
      {...props}
    />
  );
}
