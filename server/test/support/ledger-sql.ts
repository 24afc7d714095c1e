/** Column of `ledger_entry`: the payload with what it says of people, as the API answers it. */
export const WHOLE_PAYLOAD = `payload::jsonb || coalesce(personal::jsonb, '{}') AS payload`;
