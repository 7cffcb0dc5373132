import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type ManifestWatcher, readManifests, watchManifests } from '../../src/source/files.node.ts'
import { ManifestSource } from '../../src/source/manifest-source.node.ts'

let folder: string
const watchers: ManifestWatcher[] = []

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'postern-files-'))
})

afterEach(async () => {
  await Promise.all(watchers.splice(0).map((watcher) => watcher.close()))
  await rm(folder, { recursive: true, force: true })
})

const noStdin = () => Promise.reject(new Error('standard input was not asked for'))
const service = (name: string) =>
  `apiVersion: v1\nkind: Service\nmetadata: { name: ${name}, namespace: shop }\nspec: { ports: [{ port: 80 }] }\n`
const write = (name: string, text: string) => writeFile(join(folder, name), text)

test('a folder stands for the manifests below it, in order', async () => {
  await mkdir(join(folder, 'deep/er'), { recursive: true })
  for (const name of ['b.yml', 'a.yaml', 'deep/er/c.json', 'README.md', 'a.yaml.swp']) await write(name, name)
  const { files, problems } = await readManifests([folder], noStdin)
  expect(problems).toEqual([])
  expect(files).toEqual(
    ['a.yaml', 'b.yml', 'deep/er/c.json'].map((name) => ({ name: join(folder, name), text: name })),
  )
})

test('a file is read whatever its name, and standard input as -', async () => {
  await write('manifest.txt', 'file')
  const path = join(folder, 'manifest.txt')
  const { files } = await readManifests(['-', path], async () => 'stdin')
  expect(files).toEqual([
    { name: '-', text: 'stdin' },
    { name: path, text: 'file' },
  ])
})

test('a path that cannot be read is a problem, and the others are read', async () => {
  await write('a.yaml', 'a')
  const nowhere = join(folder, 'nowhere')
  const { files, problems } = await readManifests([nowhere, folder], noStdin)
  expect(files).toHaveLength(1)
  expect(problems).toMatchObject([
    {
      code: 'file-unreadable',
      severity: 'error',
      kind: 'Manifest',
      name: nowhere,
      message: expect.stringMatching(/ENOENT/),
    },
  ])
})

/** Resolves when the objects of the source, read anew at each change, are these. */
async function follow(source: ManifestSource): Promise<(names: readonly string[]) => Promise<void>> {
  let changed = Promise.withResolvers<void>()
  const onChange = (): void => {
    changed.resolve()
    changed = Promise.withResolvers()
  }
  watchers.push(await watchManifests([folder, '-'], onChange))
  return async (names) => {
    for (;;) {
      const next = changed.promise
      if (JSON.stringify(await namesOf(source)) === JSON.stringify(names)) return
      await next
    }
  }
}

async function namesOf(source: ManifestSource): Promise<string[]> {
  return [...(await source.read()).objects.values()].map((object) => object.meta.name).sort()
}

test('an edit, an atomic rename, a new file and a deletion are noticed', async () => {
  await write('a.yaml', service('first'))
  const until = await follow(new ManifestSource([folder], noStdin))
  await until(['first'])

  const edited = until(['edited'])
  await write('a.yaml', service('edited'))
  await edited

  const renamed = until(['renamed'])
  await write('a.yaml.tmp', service('renamed'))
  await rename(join(folder, 'a.yaml.tmp'), join(folder, 'a.yaml'))
  await renamed

  const added = until(['added', 'renamed'])
  await mkdir(join(folder, 'deep'))
  await write('deep/b.yaml', service('added'))
  await added

  const removed = until(['added'])
  await rm(join(folder, 'a.yaml'))
  await removed
})

test('each kind of change calls back by itself', async () => {
  await write('a.yaml', service('a'))
  let changed = Promise.withResolvers<void>()
  watchers.push(await watchManifests([folder], () => changed.resolve()))
  const steps = [
    () => write('a.yaml', service('edited')),
    () => write('b.yaml', service('b')),
    () => rename(join(folder, 'b.yaml'), join(folder, 'c.yaml')),
    () => rm(join(folder, 'c.yaml')),
  ]
  for (const step of steps) {
    changed = Promise.withResolvers()
    await step()
    await changed.promise
  }
})

test('a source that is standard input alone has nothing to watch', async () => {
  const watcher = await watchManifests(['-'], () => {})
  await watcher.close()
})

test('a half-written file keeps the objects it had, with a problem, until it is whole', async () => {
  const source = new ManifestSource([folder], noStdin)
  await write('a.yaml', service('a'))
  await write('b.yaml', service('b'))
  expect(await namesOf(source)).toEqual(['a', 'b'])

  await write('a.yaml', `${service('new')}---\nkind: [`)
  expect(await namesOf(source)).toEqual(['a', 'b'])
  expect((await source.read()).problems).toMatchObject([
    { code: 'yaml-syntax', name: join(folder, 'a.yaml') },
  ])

  await write('a.yaml', service('whole'))
  expect(await namesOf(source)).toEqual(['b', 'whole'])
  expect((await source.read()).problems).toEqual([])
})

test('a file that was broken from the start gives what can be read of it', async () => {
  await write('a.yaml', `${service('good')}---\nkind: [`)
  expect(await namesOf(new ManifestSource([folder], noStdin))).toEqual(['good'])
})

test('a file that is gone leaves nothing behind, also when it comes back broken', async () => {
  const source = new ManifestSource([folder], noStdin)
  await write('a.yaml', service('a'))
  expect(await namesOf(source)).toEqual(['a'])
  await rm(join(folder, 'a.yaml'))
  expect(await namesOf(source)).toEqual([])
  await write('a.yaml', 'kind: [')
  expect(await namesOf(source)).toEqual([])
})

test('a folder that is gone for a moment keeps what it held, and says so', async () => {
  await mkdir(join(folder, 'k8s'))
  await mkdir(join(folder, 'k8s-other'))
  await write('k8s/web.yaml', service('web'))
  await write('k8s-other/api.yaml', service('api'))
  const source = new ManifestSource([join(folder, 'k8s'), join(folder, 'k8s-other')], noStdin)
  const before = await source.read()
  expect([...before.objects.keys()]).toHaveLength(2)
  await rename(join(folder, 'k8s'), join(folder, 'away'))
  const meanwhile = await source.read()
  expect([...meanwhile.objects.keys()].sort()).toEqual([...before.objects.keys()].sort())
  expect(meanwhile.problems).toEqual([expect.objectContaining({ code: 'file-unreadable' })])
  await rename(join(folder, 'away'), join(folder, 'k8s'))
  await rm(join(folder, 'k8s/web.yaml'))
  expect([...(await source.read()).objects.keys()]).toHaveLength(1)
})
