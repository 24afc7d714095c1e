import { useEffect } from 'react';
import { useAnnounce } from '../shared/announce';

export const TITLE_ID = 'react-admin-title';

/** Pages write their title into the bar's h1; the window's title and screen readers follow it. */
export function useDocumentTitle() {
  const announce = useAnnounce();
  useEffect(() => {
    const heading = document.getElementById(TITLE_ID);
    if (!heading) return undefined;
    const follow = () => {
      const title = heading.textContent.trim();
      if (!title || document.title === `${title} · Rolecall`) return;
      document.title = `${title} · Rolecall`;
      announce(title);
    };
    follow();
    const observer = new MutationObserver(follow);
    observer.observe(heading, { childList: true, subtree: true, characterData: true });
    return () => observer.disconnect();
  }, [announce]);
}
