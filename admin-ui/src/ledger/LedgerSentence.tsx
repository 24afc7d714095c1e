import { Fragment } from 'react';
import { useTranslate } from 'react-admin';
import type { Act } from '@rolecall/server/api';
import type { Issuance, LedgerEntry } from '../api/records';
import { useTemplates } from '../shared/useTemplates';
import './messages.en';
import './words/messages.en';
import { sentenceOf } from './words/sentence';

export interface LedgerSentenceProps {
  entry: LedgerEntry | Issuance;
  /** The current names of the people in it. */
  people?: Act['people'];
}

/** One entry in plain words. */
export function LedgerSentence({ entry, people }: LedgerSentenceProps) {
  const translate = useTranslate();
  const { byKey } = useTemplates();
  const templateName = (key: string) => byKey.get(key)?.name;
  const parts = sentenceOf(entry, { translate, templateName, people });
  return (
    <span>
      {parts.map(({ name, text }, at) =>
        name ? (
          <strong key={at}>
            <bdi translate="no">{text}</bdi>
          </strong>
        ) : (
          <Fragment key={at}>{text}</Fragment>
        ),
      )}
    </span>
  );
}
