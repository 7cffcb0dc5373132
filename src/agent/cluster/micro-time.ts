/** meta/v1 MicroTime, of ms since the Unix epoch. */
export function microTime(ms: number): string {
  return new Date(ms).toISOString().replace(/Z$/, '000Z')
}
