/** Names may hold anything, a slash or a percent sign too. */
export const personPath = (identity: string) => `/people/${encodeURIComponent(identity)}`;
export const roomHistoryPath = (room: string) => `/rooms/${encodeURIComponent(room)}/history`;
export const operatorHistoryPath = (id: string) => `/operators/${encodeURIComponent(id)}/history`;
export const entryPath = (id: string) => `/activity/${encodeURIComponent(id)}`;
