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
    name: 'signer',
    summary: 'hold the keys that sign tokens, in a process apart from the server',
    load: async () => (await import('./signer.ts')).signer,
  },
  {
    name: 'doctor',
    summary: 'say what works on this machine, and what is in the way',
    load: async () => (await import('./doctor.ts')).doctor,
  },
];
