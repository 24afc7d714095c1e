/** How e-mails are compared: case and width do not matter. */
export function keyOfEmail(email: string): string {
  return email.normalize('NFKC').trim().toLowerCase();
}
