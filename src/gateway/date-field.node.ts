import type { Clock } from '../model/clock.ts'

/** RFC 9110 §6.6.1: who passes on an answer without a Date gives it one. Written once a second. */
export class DateField {
  readonly #clock: Pick<Clock, 'now'>
  #second = -1
  #text = ''

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock
  }

  get value(): string {
    const second = Math.floor(this.#clock.now() / 1000)
    if (second !== this.#second) {
      this.#second = second
      this.#text = new Date(second * 1000).toUTCString()
    }
    return this.#text
  }

  /** Adds it to the fields that lack it. */
  addTo(fields: string[]): string[] {
    for (let i = 0; i < fields.length; i += 2) {
      if (fields[i]?.length === 4 && fields[i]?.toLowerCase() === 'date') return fields
    }
    fields.push('Date', this.value)
    return fields
  }
}
