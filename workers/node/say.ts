/** Trouble that lasts is said again after this long. */
const AGAIN_MS = 60_000

let speaker = 'postern'

/** From now on everything is said by that part of Postern. */
export function nameSpeaker(name: string): void {
  speaker = `postern: ${name}`
}

const saidAt = new Map<string, number>()

/** Says what went wrong, once a minute at most for each thing: what is retried fails again and again. */
export function say(error: Error): void {
  const now = Date.now()
  for (const [message, at] of saidAt) if (now - at > AGAIN_MS) saidAt.delete(message)
  if (saidAt.has(error.message)) return
  saidAt.set(error.message, now)
  console.error(`${speaker}: ${error.message}${causeOf(error)}`)
}

function causeOf({ cause, message }: Error): string {
  return cause instanceof Error && !message.includes(cause.message) ? `: ${cause.message}` : ''
}
