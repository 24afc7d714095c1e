export const userPath = (id: string | number) => `/users/${encodeURIComponent(id)}`;
