import type { CommandEntry } from '../command.ts';

/** Every command; a new one is one entry. */
export const commands: readonly CommandEntry[] = [
  {
    name: 'up',
    summary: 'start the server, and the agent of this machine',
    load: async () => (await import('./up.ts')).up,
  },
  {
    name: 'demo',
    summary: 'start, and let a virtual machine read a secret with its own identity (npm start)',
    load: async () => (await import('./demo.ts')).demo,
  },
  {
    name: 'run',
    summary: 'run a program as a resource',
    load: async () => (await import('./run.ts')).run,
  },
  {
    name: 'env',
    summary: 'print the environment that makes programs run as a resource',
    load: async () => (await import('./env.ts')).env,
  },
  {
    name: 'apply',
    summary: 'make sure of what an environment file says, while the server runs',
    load: async () => (await import('./apply.ts')).apply,
  },
  {
    name: 'group',
    summary: 'resource groups',
    load: async () => (await import('./group.ts')).group,
  },
  {
    name: 'identity',
    summary: 'user-assigned identities, and whose tokens open them',
    load: async () => (await import('./identity.ts')).identity,
  },
  {
    name: 'vm',
    summary: 'virtual machines, and the identities that they carry',
    load: async () => (await import('./vm.ts')).vm,
  },
  {
    name: 'webapp',
    summary: 'web apps, and the identities that they carry',
    load: async () => (await import('./webapp.ts')).webapp,
  },
  {
    name: 'keyvault',
    summary: 'key vaults and their secrets',
    load: async () => (await import('./keyvault.ts')).keyvault,
  },
  {
    name: 'resource',
    summary: 'resources of whatever type',
    load: async () => (await import('./resource.ts')).resource,
  },
  {
    name: 'role',
    summary: 'roles, and who has them',
    load: async () => (await import('./role.ts')).role,
  },
  {
    name: 'deployment',
    summary: 'deployments of templates',
    load: async () => (await import('./deployment.ts')).deployment,
  },
  {
    name: 'lock',
    summary: 'locks, which keep resources from being deleted or changed',
    load: async () => (await import('./lock.ts')).lock,
  },
  {
    name: 'provider',
    summary: 'namespaces of resource types',
    load: async () => (await import('./provider.ts')).provider,
  },
  {
    name: 'ad',
    summary: 'the directory: applications, service principals, people, groups',
    load: async () => (await import('./ad.ts')).ad,
  },
  {
    name: 'keys',
    summary: 'list, rotate or revoke the keys that sign tokens',
    load: async () => (await import('./keys.ts')).keys,
  },
  {
    name: 'revoke',
    summary: 'end every token that an identity, an application or a person holds',
    load: async () => (await import('./revoke.ts')).revoke,
  },
  {
    name: 'signer',
    summary: 'hold the keys that sign tokens, in a process apart from the server',
    load: async () => (await import('./signer.ts')).signer,
  },
  {
    name: 'sign-ins',
    summary: 'show who asked for tokens, for what, and how it ended',
    load: async () => (await import('./sign-ins.ts')).signIns,
  },
  {
    name: 'audits',
    summary: 'show who changed what in the directory',
    load: async () => (await import('./audits.ts')).audits,
  },
  {
    name: 'doctor',
    summary: 'say what works on this machine, and what is in the way',
    load: async () => (await import('./doctor.ts')).doctor,
  },
  {
    name: 'completion',
    summary: 'print what makes a shell complete commands, options and names',
    load: async () => (await import('./completion.ts')).completion,
  },
  {
    name: 'complete',
    summary: 'what a word of a command line may become, for shells',
    hidden: true,
    load: async () => (await import('./complete.ts')).completeAmong(commands),
  },
];
