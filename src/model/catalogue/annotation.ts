import { entries } from './entry.ts'

export const annotationProblems = entries({
  'annotation-invalid': {
    title: 'An annotation has a value that cannot be read',
    severity: 'error',
    cause:
      'The value of a `postern.dev/…` annotation is not one that it takes. An annotation that says who may come, or where, closes what it guards (503, or no route at all) until it is mended; for any other the default applies.',
    mend: 'Give it one of the values that docs/annotations.md lists. Values are strings: quote `"true"` and numbers.',
  },
  'annotation-unknown': {
    title: 'An annotation of ours that does not exist',
    severity: 'error',
    cause:
      'An annotation starts with `postern.dev/`, but Postern has none of that name: most often a slip of the pen. What it was meant to say is not done.',
    mend: 'Correct the name (the nearest one is in the hint), or take the annotation away.',
  },
  'annotation-unused': {
    title: 'An annotation without effect',
    severity: 'warning',
    cause:
      'The Service carries annotations of ours, but not `postern.dev/expose`. It is not exposed, so that they say nothing. Nor do they on a ServiceImport, whatever they are: what is exposed are the Services behind it.',
    mend: 'Add `postern.dev/expose: "true"`; or `"false"`, when the others are to stay for later. Instead of a ServiceImport annotate the Service in each cluster that exports it.',
  },
  'backend-tls-incomplete': {
    title: 'TLS to the endpoints that is only half said',
    severity: 'error',
    cause:
      'The Service has `postern.dev/backend-tls-…` annotations, but nothing says that its endpoints are spoken to over TLS; or `postern.dev/backend-protocol` and `appProtocol` of the port say opposite things. What was to be encrypted is not sent in the clear: the hostnames answer 503.',
    mend: 'Set `appProtocol: https` on the port (`kubernetes.io/wss` for WebSocket), or `postern.dev/backend-protocol: "https"` where the field is taken; or take the annotation away. docs/tls-backends.md shows a whole set.',
  },
  'backend-tls-unverified': {
    title: 'Endpoints whose certificates are not looked at',
    severity: 'error',
    cause:
      '`postern.dev/backend-tls-verify` is `"false"`: whoever answers at the address of an endpoint would be believed. Unless the operator allows that (`--allow-unverified-backends`) the hostnames answer 503; where it is allowed, this stays as a warning.',
    mend: 'Name who vouches for the certificates with `postern.dev/backend-tls-ca`, and the name that they are for with `postern.dev/backend-tls-server-name`.',
  },
  'auth-incomplete': {
    title: 'A check of clients that is only half said',
    severity: 'error',
    cause:
      'The Service has annotations on API keys, passwords, or whom to ask about clients (`postern.dev/auth-…`) that do not go together: one needs another that is missing, two want the same field, or a rate is counted by what nobody is asked for. What was to be guarded stays closed: the hostnames answer 503.',
    mend: 'Do what the hint says; docs/auth.md shows whole sets.',
  },
  'jwt-incomplete': {
    title: 'A check of tokens that is only half said',
    severity: 'error',
    cause:
      'The Service has `postern.dev/jwt-…` annotations that do not make a whole check: no issuer, no audience, or not one key set for each issuer. What was to be guarded stays closed: the hostnames answer 503.',
    mend: 'Add what the hint names; docs/tokens.md shows a whole set.',
  },
  'tls-conflict': {
    title: 'Two authorities for one host',
    severity: 'error',
    cause:
      'Services that share a hostname name different authorities for the certificates of clients. A handshake knows the host only, and no path, so that one of them holds for the whole host: that of the Service which has the host longer. The other Service answers 503.',
    mend: 'Name the same authority on both, or give the Service a hostname of its own.',
  },
  'tls-incomplete': {
    title: 'A check of client certificates that is only half said',
    severity: 'error',
    cause:
      'The Service has `postern.dev/client-certificates` without `postern.dev/client-ca`: nobody can tell whose certificates are meant. What was to be guarded stays closed: the hostnames answer 503.',
    mend: 'Add `postern.dev/client-ca`; docs/tls.md shows a whole set.',
  },
})
