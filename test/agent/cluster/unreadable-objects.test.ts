import { expect, test } from 'vitest'
import { events, page, silent, status } from '../../support/scripted-api.ts'
import { reflected, service, typed } from './reflected.ts'

const WRONG = service('wrong', '2', 7)
const FACET = 'object Service/shop/wrong'

test('an object of wrong types is a problem that names its field; the others are given', async () => {
  const { seen, troubles, state, until } = await reflected({
    lists: [page('Service', [service('a'), WRONG, service('b')])],
  })
  await until(() => expect(state.lists).toBe(1))
  expect([...seen.objects.keys()]).toEqual(['Service/shop/a', 'Service/shop/b'])
  expect(seen.problems.get(FACET)).toMatchObject([
    {
      code: 'object-invalid',
      severity: 'error',
      kind: 'Service',
      namespace: 'shop',
      name: 'wrong',
      field: 'spec.type',
    },
  ])
  expect(troubles).toEqual([])
})

test('its problem goes when it is mended', async () => {
  const { seen, until } = await reflected({
    lists: [page('Service', [WRONG])],
    watches: [events(['MODIFIED', typed(service('wrong', '12'))])],
  })
  await until(() => expect([...seen.objects.keys()]).toEqual(['Service/shop/wrong']))
  expect([...seen.problems]).toEqual([])
})

test('its problem goes when it is deleted, in a watch and in a list', async () => {
  const watched = await reflected({
    lists: [page('Service', [WRONG])],
    watches: [events(['DELETED', typed({ metadata: { ...WRONG.metadata, resourceVersion: '12' } })])],
  })
  await watched.until(() => expect(watched.seen.log).toEqual([`found 1 ${FACET}`, `found 0 ${FACET}`]))

  const listed = await reflected({
    lists: [page('Service', [WRONG, service('a')]), page('Service', [service('a')])],
    watches: [events(['ERROR', status(410, 'gone')]), silent],
  })
  await listed.until(() => expect(listed.state.lists).toBe(2))
  expect([...listed.seen.problems]).toEqual([])
})

test('an object that becomes unreadable is taken away, and is a problem', async () => {
  const { seen, until } = await reflected({
    lists: [page('Service', [service('wrong'), service('a')])],
    watches: [events(['MODIFIED', typed(service('wrong', '12', 7))])],
  })
  await until(() => expect(seen.problems.get(FACET)).toHaveLength(1))
  expect([...seen.objects.keys()]).toEqual(['Service/shop/a'])
})

test('one with a name that no object can have touches none of those whose names it holds', async () => {
  const { seen, state, until } = await reflected({
    lists: [page('Service', [service('a'), service('a/b')])],
    watches: [events(['MODIFIED', typed(service('a/b', '12'))], ['DELETED', typed(service('a/b', '13'))])],
  })
  await until(() => expect(seen.log.at(-1)).toBe('found 0 object Service/shop/a/b'))
  expect(state.lists).toBe(1)
  expect([...seen.objects.keys()]).toEqual(['Service/shop/a'])
})

test('a NetworkPolicy is never left out for what does not say whom it admits', async () => {
  const metadata = { name: 'guests', namespace: 'shop', resourceVersion: '1' }
  const wrong = { uid: 1, labels: { a: 1 }, annotations: [], creationTimestamp: {}, deletionTimestamp: 0 }
  const { seen, state, until } = await reflected(
    { lists: [page('NetworkPolicy', [{ metadata: { ...metadata, ...wrong }, spec: 'none' }])] },
    { kind: 'NetworkPolicy' },
  )
  await until(() => expect(state.lists).toBe(1))
  expect(seen.objects.get('NetworkPolicy/shop/guests')).toMatchObject({
    meta: { name: 'guests', namespace: 'shop', labels: {} },
    spec: { podSelector: 'unreadable', ingress: 'unreadable' },
  })
})
