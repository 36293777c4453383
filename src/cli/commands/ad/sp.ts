import { resolveServicePrincipal } from '../../application-name.ts';
import {
  type AnsweringCommand,
  type Columns,
  type CommandGroup,
  dataOption,
  optionText,
} from '../../command.ts';
import { openDeployment } from '../../deployment.ts';
import { objectOption, requireName } from './directory-object.ts';

const columns: Columns = {
  name: (one) => one.string('displayName'),
  type: (one) => one.string('servicePrincipalType'),
  client: (one) => one.string('appId'),
  object: (one) => one.string('id'),
};

const list: AnsweringCommand = {
  name: 'list',
  summary: 'list service principals, managed identities among them',
  options: [
    {
      flags: '--type <type>',
      summary: 'only those of this type',
      choices: ['Application', 'ManagedIdentity'],
    },
    { flags: '--filter <filter>', summary: 'only those that a filter of OData holds for' },
    dataOption,
  ],
  async answer(input, { clock }) {
    const type = optionText(input, 'type');
    const parts = [
      type === undefined ? undefined : `servicePrincipalType eq '${type}'`,
      optionText(input, 'filter'),
    ].filter((part) => part !== undefined);
    using deployment = openDeployment(input, clock);
    const query = parts.length === 0 ? {} : { filter: parts.join(' and ') };
    const found = await deployment.directory.list(['servicePrincipals'], query);
    return { data: found.map((one) => one.whole()), columns, nothing: 'no service principals' };
  },
};

const show: AnsweringCommand = {
  name: 'show',
  summary: 'show a service principal',
  arguments: [{ name: '[name]', summary: 'its name, client id, object id, or application ID URI' }],
  options: [objectOption, dataOption],
  async answer(input, { clock }) {
    const name = requireName(input, 'id', 'which service principal');
    using deployment = openDeployment(input, clock);
    return { data: (await resolveServicePrincipal(deployment.directory, name)).whole(), columns };
  },
};

/** Service principals, of applications and of managed identities, through Graph. */
export const sp: CommandGroup = {
  name: 'sp',
  summary: 'service principals, managed identities among them',
  commands: [list, show],
};
