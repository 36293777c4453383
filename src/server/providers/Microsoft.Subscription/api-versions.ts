/** Versions of `aliases`, as Azure lists them. */
export const subscriptionApiVersions: readonly string[] = [
  '2019-10-01-preview',
  '2020-09-01',
  '2021-10-01',
  '2024-08-01-preview',
  '2025-11-01-preview',
];
