/** Versions of `roleAssignments`, as Azure lists them. */
export const roleAssignmentApiVersions: readonly string[] = [
  '2015-07-01',
  '2017-10-01-preview',
  '2018-01-01-preview',
  '2018-09-01-preview',
  '2020-03-01-preview',
  '2020-04-01-preview',
  '2020-08-01-preview',
  '2020-10-01-preview',
  '2022-04-01',
  '2022-05-01-preview',
];

/** Versions of `roleDefinitions`, as Azure lists them. */
export const roleDefinitionApiVersions: readonly string[] = [
  '2015-07-01',
  '2018-01-01-preview',
  '2020-04-01-preview',
  '2022-04-01',
  '2022-05-01-preview',
];

/** Versions of `locks`, as Azure lists them. */
export const lockApiVersions: readonly string[] = ['2015-01-01', '2016-09-01', '2017-04-01', '2020-05-01'];
