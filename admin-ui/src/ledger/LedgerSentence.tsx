import { Fragment } from 'react';
import { useTranslate } from 'react-admin';
import type { Act } from '@rolecall/server/api';
import type { Issuance, LedgerEntry } from '../api/records';
import { actorPath, personPath, roomHistoryPath } from '../shared/historyPaths';
import { TextLink } from '../shared/TextLink';
import { useTemplates } from '../shared/useTemplates';
import './messages.en';
import './words/messages.en';
import { sentenceOf } from './words/sentence';

export interface LedgerSentenceProps {
  entry: LedgerEntry | Issuance;
  /** The current names of the people in it. */
  people?: Act['people'];
  /** Whether its names lead to their pages. */
  isLinked?: boolean;
}

/** One entry in plain words. */
export function LedgerSentence({ entry, people, isLinked = false }: LedgerSentenceProps) {
  const translate = useTranslate();
  const { byKey } = useTemplates();
  const templateName = (key: string) => byKey.get(key)?.name;
  const parts = sentenceOf(entry, { translate, templateName, people });
  return (
    <span>
      {parts.map(({ name, text }, at) => {
        if (!name) return <Fragment key={at}>{text}</Fragment>;
        const to = isLinked ? pageOf(name, entry) : undefined;
        const shown = <bdi translate="no">{text}</bdi>;
        return <strong key={at}>{to ? <TextLink to={to}>{shown}</TextLink> : shown}</strong>;
      })}
    </span>
  );
}

function pageOf(name: string, { room, identity, actor }: LedgerEntry | Issuance) {
  if (name === 'room') return room === null ? undefined : roomHistoryPath(room);
  if (name === 'identity') return identity === null ? undefined : personPath(identity);
  return name === 'actor' && actor ? actorPath(actor.kind, actor.id) : undefined;
}
