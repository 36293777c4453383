/** The kinds of services that are guarded here; the conformance suite of targets runs over all of them. */
export { registerKeyVault } from './key-vault/key-vault.ts';
