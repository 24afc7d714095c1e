/** Names may hold anything, a slash or a percent sign too. */
export const roomConsolePath = (name: string) => `/rooms/${encodeURIComponent(name)}/console`;
export const roomSettingsPath = (name: string) => `/rooms/${encodeURIComponent(name)}`;
