import { type I18nProvider, mergeTranslations, type TranslationMessages } from 'react-admin';
import polyglotI18nProvider from 'ra-i18n-polyglot';
import raEnglish from 'ra-language-english';
import { en } from './en';

/** Messages of one language; lazily loaded features bring their own. */
export interface Messages {
  [key: string]: string | Messages;
}

let english: TranslationMessages = mergeTranslations(raEnglish, en);
let inner = build();

function build() {
  return polyglotI18nProvider(() => english, 'en', [{ locale: 'en', name: 'English' }], {
    allowMissing: true,
  });
}

/** For features that load later: call it when the module is evaluated, before it renders. */
export function registerMessages(messages: Messages) {
  english = mergeTranslations(english, messages);
  inner = build();
}

export const i18nProvider: I18nProvider = {
  translate: (key, options) => inner.translate(key, options),
  changeLocale: (locale) => inner.changeLocale(locale),
  getLocale: () => inner.getLocale(),
  getLocales: () => inner.getLocales?.() ?? [],
};
