import { locationColumn, nameColumns, type ResourceKind } from './resource-kind.ts';

/** Key vaults. */
export const vaultKind: ResourceKind = {
  noun: 'key vault',
  plural: 'key vaults',
  type: 'Microsoft.KeyVault/vaults',
  apiVersion: '2023-07-01',
  columns: {
    ...nameColumns,
    ...locationColumn,
    address: (vault) => vault.optionalString('vaultUri') ?? '',
  },
};
