import { useQuery } from '@tanstack/react-query';
import { getJson } from '../api/httpClient';
import type { LedgerIntegrity, LedgerKeys } from '../api/records';

export const INTEGRITY_KEY = ['ledger', 'integrity'];

const EVERY_MS = 15_000;

export const useIntegrity = () =>
  useQuery({
    queryKey: INTEGRITY_KEY,
    queryFn: ({ signal }) => getJson<LedgerIntegrity>('/ledger/integrity', { signal }),
    refetchInterval: EVERY_MS,
  });

export const useLedgerKeys = () =>
  useQuery({
    queryKey: ['ledger', 'keys'],
    queryFn: ({ signal }) => getJson<LedgerKeys>('/ledger/keys', { signal }),
  });
