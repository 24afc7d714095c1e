import type { Messages } from '../../providers/i18nProvider';

export const messages = {
  room_stage: {
    label: 'Stage',
    waiting: '%{smart_count} hand raised |||| %{smart_count} hands raised',
    next: 'next:',
    approve_next: 'Approve next',
    approve_all: 'Approve all that fit',
    approved: 'Approved',
    no_hands: 'No hand is raised',
    slots: '%{role}: %{taken} of %{slots}',
    slot_free: 'A place is free. Next in line: %{name}',
    limits: 'Limits…',
    limits_title: 'Places on the stage',
    limits_help: 'How many people may have a role at a time, however they got it.',
    limits_save: 'Set limits',
    limit_of: 'Places for %{role}',
    any_number: 'any number',
    decline_title: 'Decline the hand of %{name}?',
    decline: 'Decline',
    word: 'A word to them',
    word_help: '%{name} reads it.',
    words: { later: 'Later, please', time: 'We are out of time', topic: 'Off topic' },
  },
} satisfies Messages;
