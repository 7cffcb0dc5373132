import { namesOf, provesIdentity } from '../backend-tls/service-tls.ts'
import type { Step } from '../road.ts'
import type { ExplainedStep } from './explanation.ts'

const UNUSABLE = "what it takes cannot be used: the gateway's log says why"
/** `explain` on a registry has the keys of no gateway. */
const SEALED =
  'the certificate of ours is sealed, and could not be used here: the log says why. `postern explain` has no sealing key: ask a gateway (--gateway)'

/** How endpoints are spoken to over TLS, and what keeps them from it. */
export function backendTlsStep({
  service,
  tls,
  answer,
}: Extract<Step, { step: 'backend-tls' }>): Omit<ExplainedStep, 'verdict'> {
  const step = 'TLS behind'
  const { namespace, name } = service.record
  const { settings, fault } = tls
  const by = `postern.dev/backend-tls-… of Service ${namespace}/${name}`
  const details = [
    `SNI ${settings.serverName}`,
    settings.verify
      ? `the certificate must be for ${namesOf(settings).join(' or ')}, by ${settings.authority ?? 'an authority that the platform trusts'}`
      : 'certificates are not looked at (postern.dev/backend-tls-verify)',
    ...(settings.clientCertificate === undefined
      ? []
      : [`endpoints are shown the certificate of Secret ${settings.clientCertificate}`]),
    ...(service.record.target.type === 'pod' && provesIdentity(tls)
      ? ['it is reached past --max-stale too: its endpoints prove that they are its own']
      : []),
  ]
  if (answer === undefined) return { step, summary: 'the certificate of ours has to be opened', details }
  if (answer !== 'unavailable') {
    const summary = settings.verify ? 'endpoints are verified' : 'endpoints are believed, whoever they are'
    return { step, summary: `${summary}, says ${by}`, details }
  }
  const why = fault ?? (tls.client?.record.secret.form === 'sealed' ? SEALED : UNUSABLE)
  return { step, summary: `closed by ${by}: ${why}`, details }
}
