import type { JsonReader } from '../../../client/json-reader.ts';
import { resolveApplication } from '../../application-name.ts';
import { type AnsweringCommand, type Columns, type CommandGroup, dataOption } from '../../command.ts';
import { openDeployment } from '../../deployment.ts';
import { addSecret, credential, printedSecret, yearsIn, yearsOption } from './app-credential.ts';
import { appFederatedCredential } from './app-federated-credential.ts';
import { answered, objectOption, requireName } from './directory-object.ts';

const columns: Columns = {
  name: (one) => one.string('displayName'),
  client: (one) => one.string('appId'),
  object: (one) => one.string('id'),
};
const word = { name: '[name]', summary: 'its name, client id, object id or identifier' };

/** The application, its principal, and where it is asked for its first secret: all or, as far as can be, nothing. */
const create: AnsweringCommand = {
  name: 'create',
  summary: 'register an application, with its service principal',
  arguments: [{ name: '[name]', summary: 'what it is called' }],
  options: [
    { flags: '--display-name <text>', summary: 'what it is called; it may also stand as a word of its own' },
    { flags: '--identifier-uris <uri...>', summary: 'names by which tokens for it are asked' },
    { flags: '--secret', summary: 'give it a secret at once, and print it' },
    { ...yearsOption, summary: 'with --secret: how long it lasts' },
    dataOption,
  ],
  async answer(input, { clock }) {
    const displayName = requireName(input, 'displayName', 'the application is called');
    const uris = input.options['identifierUris'];
    const years = yearsIn(input);
    using deployment = openDeployment(input, clock);
    const { directory } = deployment;
    const made = answered(
      await directory.post(['applications'], {
        displayName,
        ...(uris === undefined ? {} : { identifierUris: uris }),
      }),
    );
    try {
      await directory.post(['servicePrincipals'], { appId: made.string('appId') });
      if (input.options['secret'] !== true) return { data: made.whole(), columns };
      const password = await addSecret(made.string('id'), years, undefined, deployment, clock);
      return printedSecret({ ...named(made), password, tenant: deployment.file.tenantId });
    } catch (error) {
      await directory.delete(['applications', made.string('id')]).catch(() => {});
      throw error;
    }
  },
};

const list: AnsweringCommand = {
  name: 'list',
  summary: 'list applications',
  options: [dataOption],
  async answer(input, { clock }) {
    using deployment = openDeployment(input, clock);
    const found = await deployment.directory.list(['applications']);
    return { data: found.map((one) => one.whole()), columns, nothing: 'no applications' };
  },
};

const show: AnsweringCommand = {
  name: 'show',
  summary: 'show an application',
  arguments: [word],
  options: [objectOption, dataOption],
  async answer(input, { clock }) {
    const name = requireName(input, 'id', 'which application');
    using deployment = openDeployment(input, clock);
    return { data: (await resolveApplication(deployment.directory, name)).whole(), columns };
  },
};

const remove: AnsweringCommand = {
  name: 'delete',
  summary: 'delete an application, with its service principal',
  arguments: [word],
  options: [objectOption, dataOption],
  async answer(input, { clock }) {
    const name = requireName(input, 'id', 'which application');
    using deployment = openDeployment(input, clock);
    const found = await resolveApplication(deployment.directory, name);
    await deployment.directory.delete(['applications', found.string('id')]);
    return {
      said: `${found.string('displayName')} is deleted, and its service principal with it; for thirty days Graph can restore both`,
    };
  },
};

/** Applications with their service principals and credentials, through Graph. */
export const app: CommandGroup = {
  name: 'app',
  summary: 'applications, and what they sign in with',
  commands: [create, list, show, remove, credential, appFederatedCredential],
  details: `innate ad app create orders-api --identifier-uris api://orders
innate ad app create orders-worker --secret
innate ad app credential reset orders-worker
innate ad app credential add-certificate orders-worker --cert worker.pem

A secret is printed once, and can't be shown again.`,
};

function named(application: JsonReader) {
  return { appId: application.string('appId'), displayName: application.string('displayName') };
}
