/** Versions of `managementGroups` and what belongs to them, as Azure lists them. */
export const managementApiVersions: readonly string[] = [
  '2017-11-01-preview',
  '2018-01-01-preview',
  '2018-03-01-preview',
  '2019-11-01',
  '2020-02-01',
  '2020-05-01',
  '2020-10-01',
  '2021-04-01',
  '2023-04-01',
];
