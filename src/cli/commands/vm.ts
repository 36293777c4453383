import type { CommandGroup } from '../command.ts';
import { actionCommand } from '../resources/action-command.ts';
import { createCarrier } from '../resources/carrier-commands.ts';
import { identityCommands } from '../resources/identity-commands.ts';
import { deleteCommand, listCommand, showCommand, updateCommand } from '../resources/resource-commands.ts';
import { virtualMachineKind } from '../resources/virtual-machine-kind.ts';

/** Virtual machines, with `az`'s words. Innate keeps their records and identities; it starts no image. */
export const vm: CommandGroup = {
  name: 'vm',
  summary: 'virtual machines, and the identities that they carry',
  commands: [
    createCarrier(virtualMachineKind, { body: () => ({ properties: {} }) }),
    listCommand(virtualMachineKind),
    showCommand(virtualMachineKind),
    updateCommand(virtualMachineKind),
    deleteCommand(virtualMachineKind, ', and its own identity with it'),
    actionCommand(virtualMachineKind, 'start', 'started'),
    actionCommand(virtualMachineKind, 'deallocate', 'deallocated'),
    identityCommands(virtualMachineKind),
  ],
  details: `innate vm create -g demo -n vm2
innate vm create -g demo -n vm3 --assign-identity system orders-api --role Reader --scope demo-kv
innate vm identity show vm3
innate vm delete demo/vm2`,
};
