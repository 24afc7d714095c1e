import { type ReactElement, type ReactNode, useState } from 'react';
import {
  CreateBase,
  type CreateBaseProps,
  EditBase,
  type EditBaseProps,
  type RaRecord,
  SaveButton,
  SimpleForm,
  Title,
  Toolbar,
  useCreateContext,
  useEditContext,
  useNotify,
  useResourceContext,
  useTranslate,
} from 'react-admin';
import { useQueryClient } from '@tanstack/react-query';
import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import Paper from '@mui/material/Paper';
import Skeleton from '@mui/material/Skeleton';
import { Link } from 'react-router-dom';
import { NoAccess } from './NoAccess';
import { NotFound } from './NotFound';
import { ProblemError } from '../api/httpClient';
import { permissionFor } from '../session/permissions';
import { ErrorState } from './ErrorState';
import { isNotFound } from './RecordList';
import { useErrorText } from './useErrorText';
import { usePermissionSet } from '../session/usePermissionSet';

/** A refusal that names fields shows beside them; anything else shows as one sentence. */
export function useMutationErrorNotice() {
  const notify = useNotify();
  const errorText = useErrorText();
  return (error: unknown) => {
    if (error instanceof ProblemError && Object.keys(error.body.errors ?? {}).length > 0) return;
    notify(errorText(error), { type: 'error', autoHideDuration: 8_000 });
  };
}

export interface EditPageProps extends Omit<EditBaseProps, 'title' | 'children' | 'render'> {
  id: string;
  title: (record: RaRecord) => string;
  /** The message after saving; "Saved" is enough for most. */
  saved?: (record: RaRecord) => string;
  /** Gets the record once it is there. */
  children: (record: RaRecord) => ReactNode;
}

/** Reads one record, with its states; what it holds is up to the caller. Saving waits for the server. */
export function EditPage({ title, children, saved, ...props }: EditPageProps) {
  const notify = useNotify();
  const notice = useMutationErrorNotice();
  const resource = useResourceContext();
  const queryClient = useQueryClient();
  const [round, setRound] = useState(0);
  return (
    <EditBase
      key={round}
      mutationMode="pessimistic"
      redirect={false}
      queryOptions={{ onError: () => undefined }}
      mutationOptions={{
        onSuccess: (record: RaRecord) =>
          notify(saved?.(record) ?? 'app.form.saved', { type: 'success' }),
        onError: (error) => {
          notice(error);
          // The form starts again from what is saved now.
          const isDropped =
            error instanceof ProblemError && error.code === 'app.conflict.took_theirs';
          if (!isDropped) return;
          void queryClient
            .invalidateQueries({ queryKey: [resource, 'getOne'] })
            .then(() => setRound((before) => before + 1));
        },
      }}
      {...props}
    >
      <EditBody title={title}>{children}</EditBody>
    </EditBase>
  );
}

function EditBody({ title, children }: Pick<EditPageProps, 'title' | 'children'>) {
  const { record, error, refetch } = useEditContext();
  if (record) {
    return (
      <>
        <Title title={title(record)} />
        {children(record)}
      </>
    );
  }
  if (isNotFound(error)) return <NotFound />;
  if (error) return <ErrorState error={error} onRetry={() => void refetch()} />;
  return <FormSkeleton />;
}

export interface CreatePageProps extends Omit<CreateBaseProps, 'title' | 'render'> {
  title: string;
  created?: string;
  children: ReactNode;
}

/** react-admin asks as well who may, but shows the form until it has its answer. */
export function CreatePage(props: CreatePageProps) {
  const can = usePermissionSet();
  const permission = permissionFor(useResourceContext() ?? '', 'create');
  if (permission && !can(permission)) return <NoAccess permission={permission} />;
  return <CreateForm {...props} />;
}

function CreateForm({ title, created, children, ...props }: CreatePageProps) {
  const translate = useTranslate();
  const notice = useMutationErrorNotice();
  return (
    <CreateBase
      redirect="list"
      {...props}
      mutationOptions={{ onError: notice, ...props.mutationOptions }}
    >
      <Title title={translate(title)} />
      <CreateBody>{children}</CreateBody>
    </CreateBase>
  );
}

function CreateBody({ children }: { children: ReactNode }) {
  useCreateContext();
  return <>{children}</>;
}

export interface RecordFormProps {
  children: ReactNode;
  saveLabel?: string;
  /** Where Cancel goes. */
  cancelTo: string;
  isReadOnly?: boolean;
  /** Everything is with the server: leaving loses nothing. */
  isSaved?: boolean;
  defaultValues?: Record<string, unknown>;
  /** Beside Save: actions that are not the form's. */
  extra?: ReactElement;
  onSuccess?: (record: RaRecord) => void;
}

/** The fields of one record on one sheet. Those who may only read see the same, without Save. */
export function RecordForm({
  children,
  saveLabel,
  cancelTo,
  isReadOnly,
  isSaved,
  defaultValues,
  extra,
  onSuccess,
}: RecordFormProps) {
  const translate = useTranslate();
  return (
    <Paper variant="outlined" sx={{ maxWidth: 760, width: '100%' }}>
      <SimpleForm
        warnWhenUnsavedChanges={!isReadOnly && !isSaved}
        defaultValues={defaultValues}
        sanitizeEmptyValues={false}
        noValidate
        toolbar={
          isReadOnly ? (
            false
          ) : (
            <Toolbar sx={{ gap: 1, flexWrap: 'wrap', px: 2 }}>
              <SaveButton
                label={saveLabel ?? 'ra.action.save'}
                icon={<></>}
                alwaysEnable
                mutationOptions={onSuccess ? { onSuccess } : undefined}
              />
              <Button component={Link} to={cancelTo}>
                {translate('ra.action.cancel')}
              </Button>
              <Box sx={{ flex: 1 }} />
              {extra}
            </Toolbar>
          )
        }
      >
        {children}
      </SimpleForm>
    </Paper>
  );
}

const FormSkeleton = () => (
  <Paper variant="outlined" sx={{ p: 2, maxWidth: 760 }} aria-hidden>
    {Array.from({ length: 5 }, (_, row) => (
      <Skeleton key={row} height={52} animation={false} />
    ))}
  </Paper>
);
