import { expect } from 'vitest'
import { onCluster } from './on-cluster.ts'
import { addressesOf, edit, nameOf, OURS, patches, read, serviceJson, statusRig } from './status-rig.ts'

onCluster('the status of LoadBalancer Services', (cluster) => {
  const { withAgent, until, settled, expose } = statusRig(cluster)

  withAgent(
    'tells where the gateways are, on all Services of the class, and on no others',
    {},
    async (running) => {
      await cluster().objects.apply(
        [
          serviceJson({ name: 'web' }),
          serviceJson({ name: 'api' }),
          serviceJson({
            name: 'plain',
            annotations: { 'postern.dev/expose': 'true' },
            spec: { type: 'NodePort', loadBalancerClass: undefined },
          }),
          serviceJson({
            name: 'cloud',
            annotations: { 'postern.dev/expose': 'true' },
            spec: { loadBalancerClass: undefined },
          }),
          serviceJson({
            name: 'other',
            annotations: { 'postern.dev/expose': 'true' },
            spec: { loadBalancerClass: 'example.com/other' },
          }),
        ].join('\n---\n'),
      )
      await until('web', OURS)
      await until('api', OURS)
      await settled(running)
      for (const name of ['plain', 'cloud', 'other']) {
        expect([name, await read(cluster(), name), patches(cluster(), name)]).toEqual([name, [], []])
      }
      expect(running.troubles).toEqual([])
    },
  )

  withAgent('an agent that starts anew finds nothing to write', {}, async (running) => {
    const before = patches(cluster(), 'web')
    await cluster().objects.apply(serviceJson({ name: 'late' }))
    await until('late', OURS)
    await settled(running)
    expect(patches(cluster(), 'web')).toEqual(before)
  })

  withAgent('what somebody else writes there is corrected', {}, async () => {
    await until('web', OURS)
    await edit(cluster(), 'web', [{ ip: '198.51.100.7', ipMode: 'VIP' }])
    await until('web', OURS)
    // Without a mode it is the Service's own address to kube-proxy: the API server makes that VIP.
    await edit(cluster(), 'web', [{ ip: '192.0.2.1' }, { hostname: 'edge.example.com' }])
    await until('web', OURS)
    await edit(cluster(), 'web', null)
    await until('web', OURS)
  })

  withAgent('a Service that is no longer exposed has it taken away, and gets it back', {}, async () => {
    await expose('web', 'false')
    await until('web', [])
    await expose('web', null)
    await until('web', OURS)
  })

  withAgent('only what the agent itself wrote is taken away', {}, async (running) => {
    const theirs = [{ hostname: 'by-hand.example.com' }]
    const text = serviceJson({ name: 'kept' })
    await cluster().objects.apply(text)
    await until('kept', OURS)
    await running.stopWriting()
    await edit(cluster(), 'kept', theirs)
    await expose('kept', 'false')
    await expose('web', 'false')
    running.startWriting()
    await until('web', [])
    await settled(running)
    expect(await read(cluster(), 'kept')).toEqual(theirs)
    await expose('web', null)
    await until('web', OURS)
  })

  withAgent('a Service that a problem closes keeps it, for the gateway answers 503', {}, async (running) => {
    const before = await cluster().objects.get(nameOf('api'))
    await cluster().objects.patch(nameOf('api'), {
      metadata: { annotations: { 'postern.dev/port': 'none' } },
    })
    await cluster().objects.apply(serviceJson({ name: 'later' }))
    await until('later', OURS)
    await settled(running)
    expect(await read(cluster(), 'api')).toEqual(OURS)
    expect(await cluster().objects.get(nameOf('api'))).not.toEqual(before)
  })

  withAgent(
    'a Service whose hostname its namespace may not have gets none, until it may',
    { compile: { hostClaims: 'strict' } },
    async (running) => {
      const annotations = { 'postern.dev/host': 'shop.example.com' }
      await cluster().objects.apply(
        [serviceJson({ name: 'barred', annotations }), serviceJson({ name: 'free' })].join('\n---\n'),
      )
      await until('free', OURS)
      await settled(running)
      expect(await read(cluster(), 'barred')).toEqual([])
      const allow = (text: string | null) =>
        cluster().objects.patch(
          { apiVersion: 'v1', kind: 'Namespace', name: 'default' },
          { metadata: { annotations: { 'postern.dev/allowed-hosts': text } } },
        )
      await allow('shop.example.com')
      await until('barred', OURS)
      await allow(null)
      await until('barred', [])
    },
  )

  withAgent('a changed type drops it, by the API server', {}, async (running) => {
    await until('late', OURS)
    const before = patches(cluster(), 'late')
    await cluster().objects.patch(nameOf('late'), { spec: { type: 'ClusterIP', loadBalancerClass: null } })
    expect(await read(cluster(), 'late')).toEqual([])
    await settled(running)
    expect(patches(cluster(), 'late')).toEqual(before)
  })

  withAgent(
    'other addresses replace the ones before',
    { addresses: addressesOf('2001:db8::1') },
    async () => {
      await until('web', [{ ip: '2001:db8::1', ipMode: 'Proxy' }])
    },
  )

  withAgent(
    'an agent of another class leaves these as they are',
    { loadBalancerClass: 'example.com/other', compile: { loadBalancerClass: 'example.com/other' } },
    async (running) => {
      const before = [await read(cluster(), 'web'), patches(cluster(), 'web')]
      await expose('web', 'false')
      await cluster().objects.apply(
        serviceJson({ name: 'last', spec: { loadBalancerClass: 'example.com/other' } }),
      )
      await until('last', OURS)
      await settled(running)
      expect([await read(cluster(), 'web'), patches(cluster(), 'web')]).toEqual(before)
    },
  )
})
