/** A Secret as it was read, or written. */
export interface HeldSecret {
  /** What a write must find again: somebody else's change in between refuses it. */
  readonly resourceVersion: string
  /** We made it: one that somebody else made is never written. */
  readonly isManaged: boolean
  /** `data`, decoded. An entry that is no text is left out. */
  readonly entries: Readonly<Record<string, string>>
}

export interface SecretName {
  readonly namespace: string
  readonly name: string
}

/** Null takes an entry away. */
export type EntryChanges = Readonly<Record<string, string | null>>

/** Where accounts, orders and certificates are kept: what is not written there has not happened. */
export interface AcmeSecrets {
  /** @returns undefined when there is none */
  read(secret: SecretName, signal: AbortSignal): Promise<HeldSecret | undefined>
  /**
   * Makes it, or changes entries of the one that was held.
   * @throws Error also when it has been made or changed since by somebody else
   */
  write(
    secret: SecretName,
    type: 'kubernetes.io/tls' | 'Opaque',
    held: HeldSecret | undefined,
    changes: EntryChanges,
    signal: AbortSignal,
  ): Promise<HeldSecret>
}
