import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type DemoWorld, demoWorld, exampleProgram } from '../support/demo-world.ts';
import { eventually } from '../support/eventually.ts';
import { noIsolation, noOrdinaryUser, ordinaryUser } from '../support/isolation.ts';

const tokenAddress =
  'http://169.254.169.254/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https://vault.azure.net';

for (const { who, user, skip } of [
  { who: 'root, or whoever runs the tests', user: undefined, skip: noIsolation },
  { who: 'an ordinary user', user: ordinaryUser, skip: noOrdinaryUser },
]) {
  describe(`a program that ${who} runs isolated`, { skip }, () => {
    let world: DemoWorld;
    before(async () => {
      world = await demoWorld(user);
    });
    after(() => world?.[Symbol.asyncDispose]());

    const isolated = (...command: string[]) =>
      world.run(['run', 'vm1', '--mode', 'isolated', '--', ...command]);

    test('reads a secret with the official client', async () => {
      const { code, stdout, stderr } = await isolated(process.execPath, exampleProgram);
      assert.match(stdout, /good morning/, stderr);
      assert.equal(code, 0);
    });

    test('gets a token at the metadata address and reads the secret with curl, without any variable', async () => {
      const script = `
        unset $(env | sed -n 's/^\\([A-Za-z_]*\\(proxy\\|PROXY\\|CERT[A-Z_]*\\|BUNDLE\\)\\)=.*/\\1/p')
        token=$(curl -sS -H Metadata:true '${tokenAddress}' | sed 's/.*"access_token":"\\([^"]*\\)".*/\\1/')
        curl -sS -H "Authorization: Bearer $token" 'https://demo-kv.vault.azure.net/secrets/greeting?api-version=7.4'`;
      const { stdout, stderr } = await isolated('sh', '-c', script);
      assert.match(stdout, /"value":"good morning"/, stderr);
    });

    test("has the caller's user, and no capability over its isolation", async () => {
      const script = `id -u; grep ^CapEff /proc/self/status
        umount /etc/resolv.conf; ip addr add 10.1.2.3/32 dev lo; nsenter -t 1 -n true; exit 0`;
      const { stdout, stderr } = await isolated('sh', '-c', script);
      const [uid, capabilities] = stdout.split('\n');
      assert.equal(Number(uid), user?.uid ?? process.getuid?.());
      const effective = BigInt(`0x${capabilities?.split(/\s+/)[1]}`);
      const [netAdmin, netRaw, sysPtrace, sysAdmin] = [12n, 13n, 19n, 21n];
      for (const one of [netAdmin, netRaw, sysPtrace, sysAdmin]) assert.equal((effective >> one) & 1n, 0n);
      if (Number(uid) !== 0) assert.equal(effective, 0n);
      assert.match(stderr, /umount: .*(superuser|permit)/);
      assert.match(stderr, /RTNETLINK answers: Operation not permitted/);
      assert.match(stderr, /nsenter: .*(denied|permitted)/);
    });

    test('is given its arguments, input, output and exit code as they are', async () => {
      const words = ['a b', '', '"q"', "it's", '$HOME', '\\', '*', '-x', '--mode', '--', 'é\n'];
      const script =
        'process.stdin.pipe(process.stderr); console.log(JSON.stringify(process.argv.slice(1))); process.exitCode = 42';
      const { code, stdout, stderr } = await world.run(
        ['run', 'vm1', '--mode', 'isolated', '--', process.execPath, '-e', script, '--', ...words],
        { input: 'from outside' },
      );
      assert.deepEqual(JSON.parse(stdout), words);
      assert.match(stderr, /from outside/);
      assert.equal(code, 42);
    });

    test('reaches no other network, and no port of this machine', async () => {
      const port = world.innate.ready.connect.port;
      const script = `for url in https://1.1.1.1 http://127.0.0.1:${port}; do
          curl -s --noproxy '*' -m 5 $url; echo $?; done; cat /proc/net/route | wc -l
        curl -s -m 5 -w '%{http_connect}\\n' https://127.0.0.1:${port} https://localhost:${port} --noproxy ''; exit 0`;
      const { stdout } = await isolated('sh', '-c', script);
      assert.deepEqual(stdout.trim().split('\n'), ['7', '7', '1', '403', '403']);
    });

    test("is refused names in Azure's domains that are not served, with a word to the user", async () => {
      const script = `getent hosts store.blob.core.windows.net; echo $?; getent hosts demo-kv.vault.azure.net
        curl -s -o /dev/null -w '%{http_connect}\\n' https://store.blob.core.windows.net; exit 0`;
      const { stdout, stderr } = await isolated('sh', '-c', script);
      assert.match(stdout, /^2\n127\.0\.0\.1 +demo-kv\.vault\.azure\.net\n403\n$/);
      assert.match(stderr, /innate: store\.blob\.core\.windows\.net lies in Azure's domains/);
    });

    test('finds no key, no operator and no control socket', async () => {
      const { data } = world.innate;
      assert.ok(existsSync(path.join(data, 'operator.json')));
      const { stdout } = await isolated(
        'sh',
        '-c',
        `find '${data}' -type f -o -type s; env; ls -l /proc/self/fd`,
      );
      const files = stdout.split('\n').filter((line) => line.startsWith(data));
      assert.deepEqual(files.map((file) => path.relative(data, file)).sort(), [
        'ca/ca.pem',
        'ca/extra.pem',
        'ca/whole.p12',
        'ca/whole.pem',
        'etc/hosts',
        'etc/nsswitch.conf',
        'etc/resolv.conf',
      ]);
      assert.ok(!stdout.includes(world.innate.ready.operator.clientSecret));
      assert.doesNotMatch(stdout, / (?![012] )\d+ -> socket:/);
    });

    test('is told of signals, and may end as it likes', async () => {
      const script = `trap 'echo hangup' HUP; trap 'echo terminated; exit 9' TERM; echo ready
        while :; do sleep 0.05; done`;
      const started = world.start(['run', 'vm1', '--mode', 'isolated', '--', 'sh', '-c', script]);
      await started.says('ready');
      started.process.kill('SIGHUP');
      await started.says('hangup');
      started.process.kill('SIGTERM');
      const { code, stdout } = await started.outcome;
      assert.equal(stdout, 'ready\nhangup\nterminated\n');
      assert.equal(code, 9);
    });

    test('ends with 128 and the number of the signal that ended it', async () => {
      assert.equal((await isolated('sh', '-c', 'kill -TERM $$')).code, 143);
    });

    test('ends with everything it left behind when innate is killed, and its endpoint closes', async () => {
      const mark = `4${process.pid}${user?.uid ?? 0}`;
      const script = `setsid sleep ${mark} & sleep ${mark} & echo ready; wait`;
      const started = world.start(['run', 'vm1', '--mode', 'isolated', '--', 'sh', '-c', script]);
      await started.says('ready');
      await eventually(() => processesWith(mark).length === 2 || undefined);
      started.process.kill('SIGKILL');
      await eventually(() => processesWith(mark).length === 0 || undefined);
      await eventually(() => readdirSync(path.join(world.innate.data, 'run')).length === 0 || undefined);
    });

    test('leaves nothing running when it ends by itself', async () => {
      const mark = `5${process.pid}${user?.uid ?? 0}`;
      const { code } = await isolated('sh', '-c', `setsid sleep ${mark} >/dev/null 2>&1 & exit 3`);
      assert.equal(code, 3);
      assert.deepEqual(processesWith(mark), []);
    });

    test('cannot start inside the data folder, which is hidden', async () => {
      const { code, stderr } = await world.run(['run', 'vm1', '--mode', 'isolated', '--', 'true'], {
        cwd: world.innate.data,
      });
      assert.equal(code, 1);
      assert.match(stderr, /do not see the data folder/);
    });
  });
}

/** Ids of living processes whose command line holds a text. */
function processesWith(text: string): string[] {
  return readdirSync('/proc').filter(
    (entry) => /^\d+$/.test(entry) && commandLine(entry).includes(`sleep\0${text}`),
  );
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}
