/** Handshakes and nothing else. */
interface HandshakeRow {
  readonly type: 'handshake'
  readonly name: string
  readonly title: string
  readonly version: 'TLSv1.2' | 'TLSv1.3'
  readonly kind: 'full' | 'resumed'
}

/** What is measured by itself. */
interface OtherRow {
  readonly type: 'get' | 'many' | 'signed'
  readonly name: string
  readonly title: string
}

export type TlsRow = HandshakeRow | OtherRow

const handshakes = (['TLSv1.3', 'TLSv1.2'] as const).flatMap((version) =>
  (['full', 'resumed'] as const).map((kind): HandshakeRow => {
    const number = version.slice('TLSv'.length)
    return {
      type: 'handshake',
      name: `${kind}-${number}`,
      title: `${kind} handshake, ${number}`,
      version,
      kind,
    }
  }),
)

export const tlsRows: readonly TlsRow[] = [
  ...handshakes,
  { type: 'get', name: 'get', title: 'GET small by TLS' },
  { type: 'many', name: 'many', title: 'certificates' },
  { type: 'signed', name: 'signed', title: 'a registry is loaded' },
]

export const tlsRowNames: readonly string[] = tlsRows.map(({ name }) => name)
