// An OpenID Connect provider on loopback: npm oidc-provider with three people and a client for each signature algorithm.
//
//   node openid_provider.mjs [--port PORT] [--clock-shift SECONDS]
//
// Says one line of JSON when it listens, and one for each SIGHUP, which puts new signing keys before the ones in use;
// those stay published once more, and the ones before them are dropped. With a clock shift its tokens are of another time.
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { parseArgs } from 'node:util';

const { values: options } = parseArgs({
  options: { port: { type: 'string', default: '0' }, 'clock-shift': { type: 'string', default: '0' } },
});
const realNow = Date.now.bind(Date);
let shift = 0;  // only while tokens are made: the cookies of a sign-in have to outlive it
Date.now = () => realNow() + 1000 * shift;
const { default: Provider } = await import('oidc-provider');

const PEOPLE = {
  alice: { email: 'alice@example.test', email_verified: true, groups: ['analysts', 'everybody'] },
  bob: { email: 'bob@example.test', email_verified: true, groups: ['engineers', 'everybody'] },
  carol: { email: 'carol@example.test', email_verified: false, groups: [] },
};
const CLIENT_SECRET = process.env.CLIENT_SECRET ?? randomUUID();
const API = 'urn:example:api';

function client(clientId, algorithm) {
  return {
    client_id: clientId,
    client_secret: CLIENT_SECRET,
    redirect_uris: ['https://app.example.test/callback'],
    grant_types: ['authorization_code'],
    response_types: ['code'],
    id_token_signed_response_alg: algorithm,
    require_auth_time: true,
  };
}

function signingKeys() {
  const made = [
    ['RS256', generateKeyPairSync('rsa', { modulusLength: 2048 })],
    ['ES256', generateKeyPairSync('ec', { namedCurve: 'P-256' })],
    [undefined, generateKeyPairSync('ed25519')],  // without `alg` it signs under both its names (RFC 9864)
  ];
  return made.map(([alg, pair]) => ({ ...pair.privateKey.export({ format: 'jwk' }), alg, use: 'sig', kid: randomUUID() }));
}

function configuration(keys) {
  return {
    jwks: { keys },
    clients: [
      client('app-rs256', 'RS256'),
      client('app-es256', 'ES256'),
      client('app-ed25519', 'Ed25519'),
      client('app-eddsa', 'EdDSA'),
      client('another-app', 'RS256'),
      // The gateway itself, for sign-in with a browser: a loopback address of whatever port (RFC 8252 7.3).
      {
        ...client('portal', 'RS256'),
        application_type: 'native',
        redirect_uris: ['http://127.0.0.1/oidc/workforce/callback'],
      },
      // Its people may be asked about when they are away.
      { ...client('steady', 'RS256'), grant_types: ['authorization_code', 'refresh_token'] },
      {
        client_id: 'robot',
        client_secret: CLIENT_SECRET,
        redirect_uris: [],
        response_types: [],
        grant_types: ['client_credentials'],
      },
    ],
    enabledJWA: { idTokenSigningAlgValues: ['RS256', 'ES256', 'Ed25519', 'EdDSA'] },
    claims: { openid: ['sub'], email: ['email', 'email_verified'], groups: ['groups'] },
    scopes: ['openid', 'email', 'groups', 'offline_access'],
    issueRefreshToken: (_context, client) => client.grantTypeAllowed('refresh_token'),
    rotateRefreshToken: true,
    conformIdTokenClaims: false,  // claims of scopes stand in the ID token itself
    findAccount: (_context, id) => PEOPLE[id] && { accountId: id, claims: () => ({ sub: id, ...PEOPLE[id] }) },
    pkce: { required: () => true },
    cookies: { keys: [randomUUID()] },
    features: {
      devInteractions: { enabled: true },
      clientCredentials: { enabled: true },
      revocation: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_context, resource) => ({
          scope: 'read',
          audience: resource,
          accessTokenFormat: 'jwt',
          jwt: { sign: { alg: 'RS256' } },
        }),
      },
    },
    ttl: { IdToken: 300, AccessToken: 300, ClientCredentials: 300 },
  };
}

let keys = [];
let answer;
let issuer;

function rotate() {
  const fresh = signingKeys();
  answer = new Provider(issuer, configuration([...fresh, ...keys])).callback();
  keys = fresh;
  return fresh.map((key) => key.kid);
}

const server = createServer((request, response) => {
  if (request.url === '/token') {
    shift = Number(options['clock-shift']);
    response.on('close', () => { shift = 0; });
  }
  answer(request, response);
});
server.listen(Number(options.port), '127.0.0.1', () => {
  issuer = `http://127.0.0.1:${server.address().port}`;
  const kids = rotate();
  process.on('SIGHUP', () => console.log(JSON.stringify({ keys: rotate() })));
  process.on('SIGTERM', () => process.exit(0));
  console.log(JSON.stringify({ issuer, keys: kids, api: API }));
});
