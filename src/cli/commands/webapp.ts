import type { CommandGroup } from '../command.ts';
import { createCarrier } from '../resources/carrier-commands.ts';
import { identityCommands } from '../resources/identity-commands.ts';
import { deleteCommand, listCommand, showCommand, updateCommand } from '../resources/resource-commands.ts';
import { siteKind } from '../resources/site-kind.ts';

/** Web apps, with `az`'s words. Innate keeps their records and identities; it runs none of their code. */
export const webapp: CommandGroup = {
  name: 'webapp',
  summary: 'web apps, and the identities that they carry',
  commands: [
    createCarrier(siteKind, { body: () => ({ properties: {} }) }),
    listCommand(siteKind),
    showCommand(siteKind),
    updateCommand(siteKind),
    deleteCommand(siteKind, ', and its own identity with it'),
    identityCommands(siteKind),
  ],
  details: `innate webapp create -g demo -n portal
innate webapp identity assign -g demo -n portal --identities orders-api`,
};
