// An identity provider for the tests of sign-in: the certified `oidc-provider`, on a free port of 127.0.0.1, with its own
// pages. Whoever types a name is that person; what the person is stands in PEOPLE. It says where it listens and ends when
// its standard input does.
import { createServer } from 'node:http';
import { pathToFileURL } from 'node:url';
import { generateKeyPairSync } from 'node:crypto';

const from = (name, file) => import(pathToFileURL(`${process.env.PACKAGES}/${name}/${file}`));
const { default: Provider } = await from('oidc-provider', 'lib/index.js');
const people = JSON.parse(process.env.PEOPLE);
const algorithm = process.env.ALGORITHM;
const kind = algorithm === 'ES256' ? ['ec', { namedCurve: 'P-256' }] : ['rsa', { modulusLength: 2048 }];
const key = generateKeyPairSync(...kind).privateKey.export({ format: 'jwk' });

const server = createServer();
// A browser may think about a page longer than the five seconds after which node hangs up.
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, {
    clients: [{
      client_id: 'portal',
      client_secret: process.env.SECRET,
      // Loopback addresses of native clients may have any port (RFC 8252, section 7.3).
      application_type: 'native',
      redirect_uris: ['http://127.0.0.1/sign-in/return'],
      post_logout_redirect_uris: ['http://127.0.0.1/signed-out'],
      grant_types: ['authorization_code'],
      response_types: ['code'],
      id_token_signed_response_alg: algorithm,
    }],
    jwks: { keys: [{ ...key, kid: 'one', use: 'sig', alg: algorithm }] },
    cookies: { keys: ['tests only'] },
    claims: { openid: ['sub', 'org', 'roles'] },
    conformIdTokenClaims: false,
    pkce: { required: () => true },
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, ...people[id] }) }),
    // People are not asked for consent: the office runs both.
    async loadExistingGrant(context) {
      const { client, session, provider: own } = context.oidc;
      const grant = new own.Grant({ clientId: client.clientId, accountId: session.accountId });
      grant.addOIDCScope('openid');
      await grant.save();
      return grant;
    },
  });
  server.on('request', provider.callback());
  console.log(issuer);
});
process.stdin.on('end', () => process.exit()).resume();
