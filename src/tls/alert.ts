/** Fatal alerts (RFC 8446 §6.2) that are ours to send: before anybody has answered the hello, and so in the clear. */
const codes = {
  'decode-error': 50,
  'internal-error': 80,
  'unrecognized-name': 112,
} as const

export type Alert = keyof typeof codes

export function alertRecord(alert: Alert): Uint8Array {
  return Uint8Array.of(21, 3, 3, 0, 2, 2, codes[alert])
}
