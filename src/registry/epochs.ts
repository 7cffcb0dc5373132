/** Who gives a publisher its epochs, and so the right to write. */
export interface Epochs {
  /** Whether writing under an epoch is still its right. Asked before every write. */
  holds(epoch: number): boolean
  /**
   * An epoch above another, given to nobody else before or after.
   * @returns undefined when somebody else leads: nothing may be written then
   * @throws when it cannot be known
   */
  take(above: number): Promise<number | undefined>
}

/** For a publisher that has nobody beside it. */
export const soleWriter: Epochs = {
  holds: () => true,
  take: async (above) => above + 1,
}
