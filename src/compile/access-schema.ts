import {
  parseAuthUrl,
  parseCacheDuration,
  parseCacheKey,
  parseField,
  parseRealm,
  parseResponseFields,
} from './access-values.ts'
import { type Annotation, define } from './annotation.ts'
import { parsePlaces } from './jwt-values.ts'
import { parseSecretName } from './secrets/schema.ts'

/** They say who may come in, and a check that is guessed at is none. */
const CLOSED = '503 for every request'

function guard<T>(annotation: Omit<Annotation<T>, 'whenInvalid'>): Annotation<T> {
  return define({ ...annotation, whenInvalid: CLOSED })
}

/** The annotations that ask clients for keys and passwords, or others about clients: docs/auth.md. */
export const accessAnnotations = {
  apiKeys: guard({
    name: 'api-keys',
    summary:
      'Lets only requests in that carry an API key of this Secret (docs/auth.md): each of its entries is one, by its id.',
    takes: 'the name of a Secret in the namespace of the Service',
    otherwise: 'nobody is asked for a key',
    example: 'partners',
    parse: parseSecretName,
  }),
  apiKeyFrom: guard({
    name: 'api-key-from',
    summary: 'Where a client may put its key. Of several places the first that holds one counts.',
    takes:
      'some of `header:NAME`, `bearer` (`Authorization: Bearer …`), `cookie:NAME`, `query:NAME`, separated by commas',
    otherwise: '`header:X-API-Key`',
    example: 'header:X-API-Key, bearer',
    parse: parsePlaces,
  }),
  apiKeyHeader: guard({
    name: 'api-key-header',
    summary:
      "The field in which the application gets the key's id. What a client sends under this name, in any spelling, never goes on.",
    takes: 'a name of a field',
    otherwise: 'the application is not told',
    example: 'X-Api-Client',
    parse: parseField,
  }),
  basicAuth: guard({
    name: 'basic-auth',
    summary:
      'Lets only requests in with a user and password of this Secret (RFC 7617): a file of htpasswd in its entry `auth`, or `kubernetes.io/basic-auth`.',
    takes: 'the name of a Secret in the namespace of the Service',
    otherwise: 'nobody is asked for a password',
    example: 'staff',
    parse: parseSecretName,
  }),
  basicAuthRealm: guard({
    name: 'basic-auth-realm',
    summary: 'What browsers show when they ask for the password.',
    takes: 'up to 128 ASCII characters without `"` and `\\`',
    otherwise: "the Service's `namespace/name`",
    example: 'Staff only',
    parse: parseRealm,
  }),
  basicAuthHeader: guard({
    name: 'basic-auth-header',
    summary: "The field in which the application gets the user's name. Clients cannot send it.",
    takes: 'a name of a field',
    otherwise: 'the application reads Authorization itself',
    example: 'X-Remote-User',
    parse: parseField,
  }),
  authUrl: guard({
    name: 'auth-url',
    summary:
      'Whom to ask about each request before it goes on, as with ingress-nginx: 2xx lets it in, 401 and 403 are answered to the client, all else is 503. Only public addresses are asked, by https, unless the operator allows others.',
    takes: 'a URL, which gets a GET with the fields of the request, X-Original-URL and X-Original-Method',
    otherwise: 'nobody is asked',
    example: 'https://auth.example.com/verify',
    parse: parseAuthUrl,
  }),
  authResponseHeaders: guard({
    name: 'auth-response-headers',
    summary:
      'Fields of that answer which the application gets. What a client sends under these names, in any spelling, never goes on.',
    takes: 'at most 16 names of fields, separated by commas',
    otherwise: 'none',
    example: 'X-Auth-Request-User, X-Auth-Request-Email',
    parse: parseResponseFields,
  }),
  authSignin: guard({
    name: 'auth-signin',
    summary: 'Where a client is sent (302) who was answered 401, with where it wanted to go as `rd`.',
    takes: 'a URL',
    otherwise: 'the client gets the 401',
    example: 'https://auth.example.com/start',
    parse: parseAuthUrl,
  }),
  authCacheDuration: guard({
    name: 'auth-cache-duration',
    summary:
      'How long a 2xx may stand for later requests with the same proof, host, path, query, method and client address.',
    takes: 'a duration up to `1h`',
    otherwise: 'every request is asked about',
    example: '30s',
    parse: parseCacheDuration,
  }),
  authCacheKey: guard({
    name: 'auth-cache-key',
    summary:
      'What of a request proves who its client is, where answers are kept: the whole of it counts. A request without any of it is always asked about.',
    takes: 'some of `authorization`, `cookie`, `header:NAME`, `cookie:NAME`, separated by commas',
    otherwise: '`authorization, cookie`',
    example: 'cookie:session',
    parse: parseCacheKey,
  }),
} as const
