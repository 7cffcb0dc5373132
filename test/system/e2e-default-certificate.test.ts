import { beforeAll, describe, expect, test } from 'vitest'
import { waitFor } from '../cluster/wait-for.ts'
import { type MadeAuthority, makeAuthority } from '../support/certificate-maker.ts'
import { recordsOf, serviceYaml } from '../support/gateway.ts'
import { hasRedis } from '../support/redis.ts'
import { certificateRecord, shake } from '../support/tls-gateway.ts'
import { startTlsRegistry } from '../support/tls-registry.ts'

describe.skipIf(!hasRedis)('--default-certificate', () => {
  let authority: MadeAuthority
  beforeAll(() => {
    authority = makeAuthority()
  })
  const OTHER = 'other.example.com'
  const FLAGS = ['--default-certificate', 'shop/fallback']

  test('shows the certificate that a Service names, to hosts without one', async () => {
    const { publish, start } = await startTlsRegistry(authority)
    const wide = { 'postern.dev/host': 'fallback.example.com', 'postern.dev/tls-secret': 'fallback' }
    await publish(...recordsOf(serviceYaml({ name: 'fallback', endpoints: [], annotations: wide })))
    const gateway = await start(...FLAGS)
    expect(gateway.said()).toContain('--default-certificate shop/fallback is not published')
    await expect(shake(gateway.securePort, { servername: OTHER })).rejects.toThrow()
    await publish(certificateRecord('shop/fallback', authority, { hosts: ['*.example.com'] }))
    const shown = async () => {
      const socket = await shake(gateway.securePort, { servername: OTHER }).catch(() => undefined)
      const names = socket?.getPeerCertificate().subjectaltname
      socket?.destroy()
      return names
    }
    await waitFor('it to be shown', shown, (names) => names === 'DNS:*.example.com')
  })

  test('says nothing where it is published already', async () => {
    const { publish, start } = await startTlsRegistry(authority)
    await publish(certificateRecord('shop/fallback', authority, { hosts: ['*.example.com'] }))
    const gateway = await start(...FLAGS)
    const socket = await shake(gateway.securePort, { servername: OTHER })
    expect(socket.getPeerCertificate().subjectaltname).toBe('DNS:*.example.com')
    socket.destroy()
    expect(gateway.said()).not.toContain('--default-certificate')
  })
})
