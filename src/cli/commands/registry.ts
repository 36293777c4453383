import type { Command } from '../command.ts';

/** A command by name; the rest is loaded when it is used, so that no command waits for another's imports. */
export interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  load(): Promise<Command>;
}

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
    name: 'vm',
    summary: 'create, delete, list or show virtual machines',
    load: async () => (await import('./vm.ts')).vm,
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
    name: 'app',
    summary: 'create, list, show or delete applications, and give them credentials',
    load: async () => (await import('./app.ts')).app,
  },
  {
    name: 'sp',
    summary: 'list or show service principals, managed identities among them',
    load: async () => (await import('./sp.ts')).sp,
  },
  {
    name: 'user',
    summary: 'create, list, show or delete people, and set their passwords',
    load: async () => (await import('./user.ts')).user,
  },
  {
    name: 'group',
    summary: 'create, list, show or delete groups, and say who is in them',
    load: async () => (await import('./group.ts')).group,
  },
  {
    name: 'federated-credential',
    summary: "create, list or delete an application's federated credentials",
    load: async () => (await import('./federated-credential.ts')).federatedCredential,
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
];
