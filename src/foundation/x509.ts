/**
 * Loads the certificate library, once and when first needed: it is heavy, and most starts make no certificate.
 * Its dependency injection asks for the reflect polyfill to be there first.
 */
export async function loadX509(): Promise<typeof import('@peculiar/x509')> {
  await import('reflect-metadata');
  return await import('@peculiar/x509');
}
