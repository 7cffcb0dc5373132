const [QUOTE, BACKSLASH, OPEN_LIST, CLOSE_LIST, OPEN, CLOSE] = [0x22, 0x5c, 0x5b, 0x5d, 0x7b, 0x7d]

/** How deep the brackets are inside the list itself, and inside its items. */
const IN_LIST = 1
const IN_ITEMS = 2

/** How a list ends when its items come next. */
const AFTER_ITEMS = /[{,\s]"items"\s*:\s*$/

/** Stands for an item in what is left of the list: nothing beside it makes another value of it. */
const TAKEN = 'null'

/**
 * Takes the objects out of a list (meta/v1 List) as its bytes come, so that never more than one of them is held as text.
 * It only finds where they begin and end: whoever parses the pieces, and what is left, finds everything else.
 */
export class ListSplitter {
  readonly #onItem: (text: string, index: number) => void
  readonly #itemDecoder = new TextDecoder()
  readonly #restDecoder = new TextDecoder()
  /** The list without what was taken from it: each item is null. */
  #rest = ''
  /** The beginning of an item whose end has not come yet. */
  #begun: Uint8Array[] = []
  #depth = 0
  #isInText = false
  #isEscaped = false
  #isInItems = false
  #isInItem = false
  #count = 0

  constructor(onItem: (text: string, index: number) => void) {
    this.#onItem = onItem
  }

  /** How many items were taken. */
  get count(): number {
    return this.#count
  }

  /** @param bytes not to be written to again */
  push(bytes: Uint8Array): void {
    let from = 0
    let at = this.#isInText ? this.#endOfText(bytes, 0) : 0
    while (at < bytes.length) {
      const byte = bytes[at]
      if (byte === QUOTE) {
        this.#isInText = true
        at = this.#endOfText(bytes, at + 1)
        continue
      }
      if (byte === OPEN || byte === OPEN_LIST) {
        if (this.#isPartOfList(byte)) {
          this.#keep(bytes.subarray(from, at))
          from = at
          this.#openPart(byte)
        }
        this.#depth++
      } else if ((byte === CLOSE || byte === CLOSE_LIST) && this.#close()) {
        this.#take(bytes.subarray(from, at + 1))
        from = at + 1
      }
      at++
    }
    if (this.#isInItem) this.#begun.push(bytes.subarray(from))
    else this.#keep(bytes.subarray(from))
  }

  /** What is left of the list; also of an item that did not end. */
  end(): string {
    for (const part of this.#begun) this.#keep(part)
    this.#begun = []
    return this.#rest + this.#restDecoder.decode()
  }

  /** @returns where it goes on after a text that has begun. */
  #endOfText(bytes: Uint8Array, from: number): number {
    let isEscaped = this.#isEscaped
    for (let at = from; at < bytes.length; at++) {
      const byte = bytes[at]
      if (isEscaped) isEscaped = false
      else if (byte === BACKSLASH) isEscaped = true
      else if (byte === QUOTE) {
        this.#isInText = false
        this.#isEscaped = false
        return at + 1
      }
    }
    this.#isEscaped = isEscaped
    return bytes.length
  }

  /** What opens is a member of the list itself, or an item. */
  #isPartOfList(bracket: number): boolean {
    return this.#depth === IN_LIST || (this.#depth === IN_ITEMS && this.#isInItems && bracket === OPEN)
  }

  #openPart(bracket: number): void {
    if (this.#depth === IN_ITEMS) this.#isInItem = true
    else this.#isInItems = bracket === OPEN_LIST && AFTER_ITEMS.test(this.#rest)
  }

  /** @returns whether an item ends. */
  #close(): boolean {
    this.#depth--
    return this.#isInItem && this.#depth === IN_ITEMS
  }

  #take(end: Uint8Array): void {
    const bytes = this.#begun.length === 0 ? end : Buffer.concat([...this.#begun, end])
    this.#begun = []
    this.#isInItem = false
    this.#rest += TAKEN
    this.#onItem(this.#itemDecoder.decode(bytes), this.#count++)
  }

  #keep(bytes: Uint8Array): void {
    this.#rest += this.#restDecoder.decode(bytes, { stream: true })
  }
}
