import type { Meter } from '@opentelemetry/api'
import { attribute, metric } from './names.ts'

/** Structurally the listener's handshakes. */
interface Handshakes {
  readonly made: readonly { readonly version: string; readonly isResumed: boolean; readonly count: number }[]
  readonly failed: Readonly<Record<string, number | undefined>>
}

/** Structurally the certificates of one cluster. */
interface Certificates {
  /** Undefined where there is one only. */
  readonly cluster: string | undefined
  readonly terms: readonly { readonly key: string; readonly notAfterSeconds: number }[]
}

/** Counts handshakes of clients: those that were made, by version, and those that failed, by reason. */
export function observeHandshakes(meter: Meter, handshakes: () => Handshakes): void {
  meter
    .createObservableCounter(metric.tlsHandshakes, {
      description: 'TLS handshakes with clients that were made.',
      unit: '{handshake}',
    })
    .addCallback((result) => {
      for (const { version, isResumed, count } of handshakes().made) {
        const attributes = {
          [attribute.tlsVersion]: version.replace('TLSv', ''),
          [attribute.tlsResumed]: isResumed,
        }
        result.observe(count, attributes)
      }
    })
  meter
    .createObservableCounter(metric.tlsHandshakeFailures, {
      description: 'TLS handshakes with clients that failed, by reason (docs/tls.md).',
      unit: '{handshake}',
    })
    .addCallback((result) => {
      for (const [reason, count] of Object.entries(handshakes().failed))
        result.observe(count ?? 0, { reason })
    })
}

/** Measures when certificates end: the thousand that end first. */
export function observeCertificates(meter: Meter, certificates: () => readonly Certificates[]): void {
  meter
    .createObservableGauge(metric.certificateNotAfter, {
      description: 'When the certificate of a host ends, in seconds since the Unix epoch.',
      unit: 's',
    })
    .addCallback((result) => {
      for (const { cluster, terms } of certificates()) {
        for (const { key, notAfterSeconds } of terms) {
          const [namespace, secret] = key.split('/')
          result.observe(notAfterSeconds, {
            [attribute.namespace]: namespace ?? '',
            [attribute.secret]: secret ?? '',
            ...(cluster !== undefined && { [attribute.cluster]: cluster }),
          })
        }
      }
    })
}
