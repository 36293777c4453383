import type { CommandOption } from './command.ts';

export const outputForms = ['table', 'json', 'yaml', 'tsv', 'none'] as const;
export type OutputForm = (typeof outputForms)[number];

/** Options of every command that answers data. They are known without what reads them, which takes time to load. */
export const presentationOptions: readonly CommandOption[] = [
  {
    flags: '-o, --output <form>',
    summary: 'table is for people, the others are for programs',
    choices: outputForms,
    default: 'table',
  },
  { flags: '--query <jmespath>', summary: 'a JMESPath query over what json shows' },
];
