/** Versions of the metadata service, oldest first (`specification/imds`, and those of 2017 before it). */
export const apiVersions: readonly string[] = [
  '2017-03-01',
  '2017-04-02',
  '2017-08-01',
  '2017-10-01',
  '2017-12-01',
  '2018-02-01',
  '2018-04-02',
  '2018-10-01',
  '2019-02-01',
  '2019-03-11',
  '2019-04-30',
  '2019-06-01',
  '2019-06-04',
  '2019-08-01',
  '2019-08-15',
  '2019-11-01',
  '2020-06-01',
  '2020-07-15',
  '2020-09-01',
  '2020-10-01',
  '2020-12-01',
  '2021-01-01',
  '2021-02-01',
  '2021-03-01',
  '2021-05-01',
  '2021-10-01',
  '2021-11-01',
  '2021-11-15',
  '2021-12-13',
  '2023-07-01',
];

const known = new Set(apiVersions);
/** Identities came to the metadata service with this version. */
const identityVersions = new Set(apiVersions.slice(apiVersions.indexOf('2018-02-01')));

export function isApiVersion(text: string): boolean {
  return known.has(text);
}

export function isIdentityVersion(text: string): boolean {
  return identityVersions.has(text);
}

/** What clients fall back to, newest first: region discovery retries with the first of them. */
export const newestVersions: readonly string[] = apiVersions.slice(-3).reverse();
