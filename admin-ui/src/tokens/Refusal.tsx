import Alert from '@mui/material/Alert';
import AlertTitle from '@mui/material/AlertTitle';
import type { Because } from '../api/records';
import { BecauseList } from '../shared/BecauseList';
import { problemOf } from '../api/problem';
import { useErrorText } from '../shared/useErrorText';

/** The reasons of a refusal by policy; null for any other failure. */
export function refusalOf(error: unknown): Because[] | null {
  const because = problemOf(error)?.because;
  return Array.isArray(because) ? (because as Because[]) : null;
}

/** Why there is no token: the server's words, then its whole chain of reasons. */
export function Refusal({ title, error }: { title: string; error: unknown }) {
  const errorText = useErrorText();
  const because = refusalOf(error);
  return (
    <Alert severity="error" role="alert">
      <AlertTitle sx={{ fontWeight: 650 }}>{title}</AlertTitle>
      <span>{errorText(error)}</span>
      {because && because.length > 0 && <BecauseList because={because} />}
    </Alert>
  );
}
