/** The language of the log's search, as the server has it. */
export * from '@rolecall/server/ledger-query';
