import { expect, it } from '@jest/globals';
import { screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { Form } from 'react-admin';
import { useWatch } from 'react-hook-form';
import { renderAdmin } from '../../test/renderAdmin';
import { AttributesInput } from './AttributesInput';
import './messages.en';

const Value = () => <output>{JSON.stringify(useWatch({ name: 'attributes' }))}</output>;

function show(attributes: Record<string, string>) {
  renderAdmin(
    <Form record={{ id: 1, attributes }}>
      <AttributesInput source="attributes" label="Attributes" />
      <Value />
    </Form>,
  );
  return () => JSON.parse(document.querySelector('output')?.textContent ?? '') as unknown;
}

it('keeps a row while its key is still empty, and sends it once it has one', async () => {
  const user = userEvent.setup();
  const value = show({});
  await user.click(screen.getByRole('button', { name: 'Add attribute' }));
  await user.type(screen.getByLabelText('Value'), 'red');
  expect(value()).toEqual({});
  await user.type(screen.getByLabelText('Key'), 'team');
  expect(value()).toEqual({ team: 'red' });
});

it('removes the row that is named', async () => {
  const user = userEvent.setup();
  const value = show({ team: 'red', seat: '4' });
  await user.click(screen.getByRole('button', { name: 'Remove team' }));
  expect(value()).toEqual({ seat: '4' });
});
