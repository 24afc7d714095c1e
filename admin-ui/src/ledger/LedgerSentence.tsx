import { Fragment } from 'react';
import { useTranslate } from 'react-admin';
import type { Issuance, LedgerEntry } from '../api/records';
import { useTemplates } from '../shared/useTemplates';
import './messages.en';
import './words/messages.en';
import { sentenceOf } from './words/sentence';

/** One entry in plain words. */
export function LedgerSentence({ entry }: { entry: LedgerEntry | Issuance }) {
  const translate = useTranslate();
  const { byKey } = useTemplates();
  const parts = sentenceOf(entry, { translate, templateName: (key) => byKey.get(key)?.name });
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
