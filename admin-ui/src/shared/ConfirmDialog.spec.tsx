import { expect, it, jest } from '@jest/globals';
import { act, screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { useState } from 'react';
import { renderAdmin } from '../../test/renderAdmin';
import { ConfirmDialog, type ConfirmDialogProps } from './ConfirmDialog';

function Asked(props: Partial<ConfirmDialogProps>) {
  const [isOpen, setIsOpen] = useState(true);
  return (
    <>
      <button onClick={() => setIsOpen(true)}>Again</button>
      <ConfirmDialog
        isOpen={isOpen}
        title="Do it?"
        confirmLabel="Do it"
        onConfirm={() => {}}
        onClose={() => setIsOpen(false)}
        {...props}
      />
    </>
  );
}

const focused = () => document.activeElement?.textContent;

async function open(props: Partial<ConfirmDialogProps>) {
  const onConfirm = jest.fn<(reason: string) => void>();
  renderAdmin(<Asked onConfirm={onConfirm} {...props} />);
  await screen.findByRole('dialog');
  return onConfirm;
}

it.each([
  ['plainly', {}],
  ['with a reason', { asksReason: true }],
  ['with a text to type', { typeToConfirm: '51' }],
])('does no harm by Enter: asked %s, the focus is on Cancel', async (_how, props) => {
  const onConfirm = await open({ isDestructive: true, ...props });
  expect(focused()).toBe('Cancel');
  await userEvent.keyboard('{Enter}');
  await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull());
  expect(onConfirm).not.toHaveBeenCalled();
});

it('does no harm by Enter in a field, only by its own button', async () => {
  const onConfirm = await open({ isDestructive: true, asksReason: true, typeToConfirm: '51' });
  await userEvent.type(screen.getByRole('textbox', { name: 'Reason' }), ' Shouted {Enter}');
  await userEvent.type(screen.getByRole('textbox', { name: /Type/ }), '51{Enter}');
  expect(onConfirm).not.toHaveBeenCalled();
  await userEvent.tab();
  await userEvent.tab();
  expect(focused()).toBe('Do it');
  await userEvent.keyboard('{Enter}');
  expect(onConfirm).toHaveBeenCalledWith('Shouted');
});

it('confirms what does no harm by Enter', async () => {
  const onConfirm = await open({});
  expect(focused()).toBe('Do it');
  await userEvent.keyboard('{Enter}');
  expect(onConfirm).toHaveBeenCalledWith('');
});

it('forgets the reason, and takes back one that was chosen by mistake', async () => {
  const onConfirm = await open({ isDestructive: true, asksReason: true, reasonPresets: ['Spam'] });
  const reason = () => screen.getByRole<HTMLInputElement>('textbox', { name: 'Reason' }).value;
  const spam = () => screen.getByRole('button', { name: 'Spam' });
  expect(reason()).toBe('');
  act(() => spam().focus());
  await userEvent.keyboard(' ');
  expect([reason(), spam().getAttribute('aria-pressed')]).toEqual(['Spam', 'true']);
  await userEvent.keyboard(' ');
  expect([reason(), spam().getAttribute('aria-pressed')]).toEqual(['', 'false']);
  await userEvent.click(spam());
  await userEvent.click(screen.getByRole('button', { name: 'Do it' }));
  expect(onConfirm).toHaveBeenCalledWith('Spam');
  await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull());
  await userEvent.click(screen.getByRole('button', { name: 'Again' }));
  expect(reason()).toBe('');
});
