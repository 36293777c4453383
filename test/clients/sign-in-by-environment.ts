import { EnvironmentCredential } from '@azure/identity';

/** A program as written for Azure: signs in as its environment says, and prints whose token it is, or why it has none. */
const { TOKEN_SCOPE: scope = '' } = process.env;
try {
  const token = await new EnvironmentCredential().getToken(scope);
  const { iss, aud, appid } = JSON.parse(
    Buffer.from(token.token.split('.')[1] ?? '', 'base64url').toString(),
  );
  process.stdout.write(JSON.stringify({ iss, aud, appid }));
} catch (error) {
  process.stdout.write(JSON.stringify({ refused: String(error) }));
}
