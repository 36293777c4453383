import { carrierColumns, type ResourceKind } from './resource-kind.ts';

/** Sites: web applications and functions. */
export const siteKind: ResourceKind = {
  noun: 'web app',
  plural: 'web apps',
  type: 'Microsoft.Web/sites',
  apiVersion: '2024-04-01',
  columns: carrierColumns,
};
