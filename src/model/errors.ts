/** Why a request got an answer of ours. Closed: a new code enters here, and in gateway/reply.ts. */
export const errorCodes = [
  'request-invalid',
  'request-target-too-long',
  'request-head-too-large',
  'request-body-too-large',
  'request-timeout',
  'coding-unsupported',
  'expectation-unknown',
  'method-refused',
  'loop-detected',
  'forwards-spent',
  'tls-required',
  'misdirected',
  'client-certificate-missing',
  'challenge-answered',
  'client-refused',
  'token-missing',
  'token-unclear',
  'token-invalid',
  'token-expired',
  'token-early',
  'token-audience-wrong',
  'token-claims-missing',
  'token-keys-missing',
  'key-missing',
  'key-unclear',
  'key-invalid',
  'password-missing',
  'password-invalid',
  'credential-missing',
  'auth-refused',
  'auth-unavailable',
  'checks-busy',
  'host-unknown',
  'path-unknown',
  'rule-unavailable',
  'concurrency-exceeded',
  'rate-exceeded',
  'rate-unavailable',
  'backend-tls-unavailable',
  'platform-unsupported',
  'registry-stale',
  'endpoints-none',
  'connect-refused',
  'connect-timeout',
  'endpoint-unreachable',
  'tls-certificate-error',
  'tls-protocol-error',
  'tls-alert-received',
  'connection-lost',
  'response-invalid',
  'response-timeout',
  'response-incomplete',
  'client-closed',
  'internal',
] as const

export type ErrorCode = (typeof errorCodes)[number]

/** How one attempt at an endpoint can fail. */
export type AttemptErrorCode = Extract<
  ErrorCode,
  | 'request-invalid'
  | 'connect-refused'
  | 'connect-timeout'
  | 'endpoint-unreachable'
  | 'tls-certificate-error'
  | 'tls-protocol-error'
  | 'tls-alert-received'
  | 'platform-unsupported'
  | 'connection-lost'
  | 'response-invalid'
  | 'response-timeout'
  | 'response-incomplete'
  | 'client-closed'
  | 'request-timeout'
>
