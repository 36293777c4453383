import { isolationAvailable } from '../../agent/isolation/namespace.ts';
import { competingVariables } from '../../agent/isolation/program-environment.ts';
import { type Command, dataOption } from '../command.ts';
import { openDeployment } from '../deployment.ts';

/** Looks at this machine as `innate run` would, and says what it finds. Exit code 1 where something is in the way. */
export const doctor: Command = {
  name: 'doctor',
  summary: 'say what works on this machine, and what is in the way',
  options: [dataOption],
  async run(input, { clock, environment, output }) {
    let healthy = true;
    const report = (good: boolean, what: string) => {
      healthy &&= good;
      output.result(`${good ? 'ok  ' : 'FAIL'}  ${what}`);
    };
    try {
      using deployment = openDeployment(input, clock);
      const { connect, pid } = deployment.file;
      report(
        true,
        `a server runs on ${deployment.dataFolder} (process ${pid}, ${connect.host}:${connect.port})`,
      );
      const subscriptions = await deployment.resources.list('/subscriptions', '2021-04-01');
      report(true, `its resource manager answers the operator: ${subscriptions.length} subscription(s)`);
      const machines = await deployment.agent.machines();
      report(true, `its agent answers; this host is enrolled as ${machines.length} resource(s)`);
      for (const { resourceId, identities } of machines) {
        output.result(`      ${resourceId} (${identities.length} identities)`);
      }
    } catch (error) {
      report(false, error instanceof Error ? error.message : String(error));
    }
    const isolation = await isolationAvailable(environment);
    output.result(
      isolation.available
        ? `ok    isolated mode works (${isolation.means === 'privileged' ? 'as root' : 'user namespace'})`
        : `--    isolated mode does not work here: ${isolation.reason}; innate run uses the environment`,
    );
    for (const name of competingVariables(environment)) {
      output.result(
        `--    ${name} is set: DefaultAzureCredential may use it in place of the resource's identity`,
      );
    }
    return healthy ? 0 : 1;
  },
};
