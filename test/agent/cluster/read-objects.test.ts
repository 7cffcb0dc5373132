import { expect, onTestFinished, test } from 'vitest'
import { optionalKinds, watchedKinds } from '../../../src/agent/cluster/kinds.ts'
import { KubeApi } from '../../../src/agent/cluster/kube-api.ts'
import { readObjects } from '../../../src/agent/cluster/read-objects.ts'
import {
  type Answer,
  json,
  kubeConfigOf,
  page,
  startScriptedApi,
  status,
} from '../../support/scripted-api.ts'

const IMPORTS = 'serviceimports'

/** Keys of what is read where kinds of the MCS API answer so, by the end of their paths. */
async function read(answers: Readonly<Record<string, Answer>>): Promise<string[]> {
  const kinds = [...watchedKinds, ...optionalKinds.flatMap(({ versions }) => versions)]
  const api = await startScriptedApi((path) => {
    const kind = kinds.find((each) => each.path === path)?.kind ?? ''
    const answer = answers[path.split('/').slice(3).join('/')]
    if (path.includes('multicluster')) return { lists: [answer ?? json(status(404, 'not found'), 404)] }
    return { lists: [page(kind, kind === 'Namespace' ? [{ metadata: named('shop') }] : [])] }
  })
  onTestFinished(() => api.close())
  const { objects } = await readObjects(new KubeApi(kubeConfigOf(api.port)), new AbortController().signal)
  return [...objects.keys()]
}

function named(name: string) {
  return { name, resourceVersion: '1' }
}

const imported = page('ServiceImport', [
  { metadata: { ...named('far'), namespace: 'shop' }, spec: { type: 'Headless', ports: [] } },
])

test('where a cluster has no MCS API nothing is missing', async () => {
  expect(await read({})).toEqual(['Namespace//shop'])
})

test.each(['v1beta1', 'v1alpha1'])('imports are read in the version that there is: %s', async (version) => {
  expect(await read({ [`${version}/${IMPORTS}`]: imported })).toEqual([
    'Namespace//shop',
    'ServiceImport/shop/far',
  ])
})

test('who may not read imports is told the rest', async () => {
  const forbidden = json(status(403, 'serviceimports is forbidden'), 403)
  expect(await read({ [`v1beta1/${IMPORTS}`]: forbidden, [`v1alpha1/${IMPORTS}`]: forbidden })).toEqual([
    'Namespace//shop',
  ])
})

test('imports that cannot be read for another reason are an error', async () => {
  const broken = json(status(500, 'etcd is away'), 500)
  await expect(read({ [`v1beta1/${IMPORTS}`]: broken })).rejects.toThrow('500: etcd is away')
})
