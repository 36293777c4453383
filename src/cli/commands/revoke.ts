import { resolveServicePrincipal } from '../application-name.ts';
import { type Command, dataOption } from '../command.ts';
import { openDeployment } from '../deployment.ts';

const apiVersion = '2026-11-01';
const guidPattern = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Ends the tokens that somebody holds, through the public API. */
export const revoke: Command = {
  name: 'revoke',
  summary: 'end every token that an identity, an application or a person holds',
  arguments: [
    {
      name: '<who>',
      summary: 'object id, client id or name of a service principal, or whom a person signs in as',
    },
  ],
  options: [dataOption],
  details: `innate revoke vm1                   programs on vm1 go on with new tokens; stolen ones are worth nothing
innate revoke ada@example.com       ada signs in again`,
  async run(input, context) {
    const [who = ''] = input.words;
    using deployment = openDeployment(input, context.clock);
    const named = who.includes('@')
      ? { userPrincipalName: who }
      : { principalId: await objectIdOf(who, deployment.directory) };
    const answer = await deployment.resources.post(
      '/providers/Innate.Tokens/revokeTokens',
      apiVersion,
      named,
    );
    const name = answer?.string('displayName') ?? who;
    context.output.result(
      `tokens of ${name} from before ${answer?.string('tokensValidFrom') ?? 'now'} are refused`,
    );
    return 0;
  },
};

/** A GUID may be a person's object id, which no service principal has: then it is taken as it is. */
async function objectIdOf(
  who: string,
  directory: Parameters<typeof resolveServicePrincipal>[0],
): Promise<string> {
  try {
    return (await resolveServicePrincipal(directory, who)).string('id');
  } catch (error) {
    if (guidPattern.test(who)) return who;
    throw error;
  }
}
