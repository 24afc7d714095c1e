type Ask = () => Promise<boolean>;

let ask: Ask | null = null;
let pending: Promise<boolean> | null = null;

/** The dialog that asks for the password registers itself while it can be shown. */
export function registerReauthentication(dialog: Ask) {
  ask = dialog;
  return () => {
    if (ask === dialog) ask = null;
  };
}

/** True once the operator has signed in again. Calls that fail together share one question. */
export function requestReauthentication(): Promise<boolean> {
  if (!ask) return Promise.resolve(false);
  pending ??= ask().finally(() => {
    pending = null;
  });
  return pending;
}
