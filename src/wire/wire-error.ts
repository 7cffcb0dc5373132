export type WireErrorCode =
  | 'byte-forbidden'
  | 'line-ending-invalid'
  | 'request-line-invalid'
  | 'status-line-invalid'
  | 'version-unsupported'
  | 'method-invalid'
  | 'target-invalid'
  | 'target-too-long'
  | 'host-invalid'
  | 'field-name-invalid'
  | 'field-value-invalid'
  | 'field-folded'
  | 'field-ours'
  | 'head-too-large'
  | 'fields-too-many'
  | 'length-invalid'
  | 'length-conflicting'
  | 'coding-invalid'
  | 'coding-unsupported'
  | 'chunk-invalid'
  | 'chunk-too-large'
  | 'trailers-too-large'
  | 'trailer-invalid'
  | 'interim-invalid'
  | 'interim-too-many'
  | 'upgrade-unasked'
  | 'upgrade-invalid'
  | 'head-incomplete'
  | 'body-incomplete'

/** What was read is not one HTTP/1.1 message beyond doubt, or what shall be written would not be. */
export class WireError extends Error {
  readonly code: WireErrorCode
  constructor(code: WireErrorCode, message: string) {
    super(message)
    this.code = code
  }
}

/** What a fault in a request means to its client. */
export function requestFailure({
  code,
}: WireError):
  | 'request-invalid'
  | 'request-target-too-long'
  | 'request-head-too-large'
  | 'coding-unsupported' {
  if (code === 'target-too-long') return 'request-target-too-long'
  if (code === 'head-too-large' || code === 'fields-too-many') return 'request-head-too-large'
  return code === 'coding-unsupported' ? code : 'request-invalid'
}
