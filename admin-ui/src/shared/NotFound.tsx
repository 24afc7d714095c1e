import { Title, useTranslate } from 'react-admin';
import Button from '@mui/material/Button';
import SearchOff from '@mui/icons-material/SearchOff';
import { Link } from 'react-router-dom';
import { EmptyState } from './EmptyState';

export function NotFound() {
  const translate = useTranslate();
  return (
    <>
      <Title title={translate('app.not_found.title')} />
      <EmptyState
        icon={<SearchOff />}
        title={translate('app.not_found.title')}
        text={translate('app.not_found.text')}
        action={
          <Button component={Link} to="/" variant="contained">
            {translate('app.not_found.home')}
          </Button>
        }
      />
    </>
  );
}
