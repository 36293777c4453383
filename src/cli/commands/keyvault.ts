import { type AnsweringCommand, CommandError, type CommandGroup, optionText } from '../command.ts';
import { openDeployment } from '../deployment.ts';
import { deleteCommand, listCommand, showCommand, updateCommand } from '../resources/resource-commands.ts';
import { flattened } from '../resources/resource-kind.ts';
import {
  groupOption,
  locationOption,
  nameIn,
  nameOption,
  placeOptions,
  tagsOption,
} from '../resources/resource-options.ts';
import { requireGroup, segment } from '../resources/resource-target.ts';
import { tagsIn } from '../resources/tags.ts';
import { vaultKind } from '../resources/vault-kind.ts';
import { keyVaultSecret } from './keyvault-secret.ts';

const create: AnsweringCommand = {
  name: 'create',
  summary: 'make a key vault, whose secrets roles open',
  arguments: [{ name: '[name]', summary: 'its name' }],
  options: [groupOption, nameOption, locationOption, tagsOption, ...placeOptions],
  async answer(input, { clock, progress }) {
    const name = nameIn(input);
    if (name === undefined) throw new CommandError('say what the vault is called: -n NAME', 2);
    const tags = tagsIn(input);
    using deployment = openDeployment(input, clock);
    const group = await requireGroup(input, deployment);
    const id = `${group.id}/providers/${vaultKind.type}/${segment(name)}`;
    const made = await progress.during(`Creating ${name}`, () =>
      deployment.resources.put(id, vaultKind.apiVersion, {
        location: optionText(input, 'location') ?? group.location,
        ...(tags === undefined ? {} : { tags }),
        properties: {
          tenantId: deployment.file.tenantId,
          sku: { family: 'A', name: 'standard' },
          enableRbacAuthorization: true,
        },
      }),
    );
    return { data: flattened(made), columns: vaultKind.columns };
  },
};

/** Key vaults and their secrets, with `az`'s words. */
export const keyvault: CommandGroup = {
  name: 'keyvault',
  summary: 'key vaults and their secrets',
  commands: [
    create,
    listCommand(vaultKind),
    showCommand(vaultKind),
    updateCommand(vaultKind),
    deleteCommand(vaultKind),
    keyVaultSecret,
  ],
  details: `innate keyvault create -g demo -n demo-kv
innate role assignment create --role "Key Vault Secrets Officer" --assignee "Innate operator" --scope demo-kv
innate keyvault secret set --vault-name demo-kv -n greeting -f greeting.txt`,
};
