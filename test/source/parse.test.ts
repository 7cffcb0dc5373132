import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseManifest } from '../../src/source/parse.ts'

const SERVICE = 'apiVersion: v1\nkind: Service\nmetadata: { name: web }\nspec: { ports: [{ port: 80 }] }\n'

test('malformed YAML names its line, and the other documents are read', () => {
  const parsed = parseManifest(
    `${SERVICE}---\nkind: Service\nmetadata: {\n---\n${SERVICE.replace('web', 'api')}`,
    'shop.yaml',
  )
  expect(parsed.isWhole).toBe(false)
  expect(parsed.objects.map(({ object, place }) => [object.meta.name, place.line])).toEqual([
    ['web', 1],
    ['api', 9],
  ])
  expect(parsed.problems).toHaveLength(1)
  expect(parsed.problems[0]).toMatchObject({ code: 'yaml-syntax', kind: 'Manifest', name: 'shop.yaml' })
  expect(parsed.problems[0]?.field).toMatch(/^line [789]$/)
})

test('aliases that multiply without bound are refused, and said', () => {
  const levels = Array.from({ length: 12 }, (_, i) => {
    const item = i === 0 ? '"lol"' : `*a${i - 1}`
    return `a${i}: &a${i} [${Array(9).fill(item).join(', ')}]`
  })
  const parsed = parseManifest(`${levels.join('\n')}\n---\n${SERVICE}`, 'laughs.yaml')
  expect(parsed.isWhole).toBe(false)
  expect(parsed.problems).toMatchObject([{ code: 'yaml-syntax', field: 'line 1' }])
  expect(parsed.objects).toHaveLength(1)
})

test('JSON is read', () => {
  const text = '{"apiVersion":"v1","kind":"Service","metadata":{"name":"web"},"spec":{"ports":[{"port":80}]}}'
  expect(parseManifest(text, 'web.json').objects).toMatchObject([
    { object: { kind: 'Service' }, place: { line: 1 } },
  ])
})

test('the items of a typed list need no kind of their own', () => {
  const text =
    'apiVersion: v1\nkind: ServiceList\nitems:\n- metadata: { name: web }\n  spec: {}\n- metadata: { name: api }\n  spec: {}\n'
  expect(
    parseManifest(text, 'list.yaml').objects.map(({ object, place }) => [object.meta.name, place.line]),
  ).toEqual([
    ['web', 4],
    ['api', 6],
  ])
})

test('kinds that are not read, comments and empty documents leave nothing', () => {
  const text = '---\n# nothing\n---\napiVersion: batch/v1\nkind: Job\nmetadata: { name: x }\n---\n'
  expect(parseManifest(text, 'x.yaml')).toEqual({ objects: [], problems: [], isWhole: true })
})

test('an annotation or label that is no text is named, with how to write it', () => {
  const text =
    'apiVersion: v1\nkind: Service\nmetadata:\n  name: web\n  labels: {tier: 5}\n  annotations:\n    postern.dev/expose: true\nspec: {}\n'
  const { problems } = parseManifest(text, 'x.yaml')
  const tail = 'until then this object is left out. The API server would refuse it too.'
  expect(problems).toMatchObject([
    { field: 'metadata.labels.tier', line: 5, hint: `Write it in quotes, as text: "5"; ${tail}` },
    {
      field: 'metadata.annotations["postern.dev/expose"]',
      line: 7,
      hint: `Write it in quotes, as text: "true"; ${tail}`,
    },
  ])
})

test('a document that is no object is a problem that names its line', () => {
  const { objects, problems } = parseManifest(`${SERVICE}---\njust text\n`, 'x.yaml')
  expect(objects).toHaveLength(1)
  expect(problems).toMatchObject([{ code: 'object-invalid', file: 'x.yaml', line: 6 }])
})

test.each([
  ['metadata.annotations["postern.dev/port"]', 5],
  ['metadata.labels.app.kubernetes.io/name', 7],
  ['metadata.name', 8],
  ['spec.ports[port=81].targetPort', 14],
  ['spec.ports.1.port', 13],
  ['spec.ports[0]', 11],
  ['spec.ports[0].appProtocol', 11],
  ['spec.selector', 9],
  ['status', 2],
  ['', 2],
])('the line of field %s is found, or of what it would be in', (field, line) => {
  const text = `---
apiVersion: v1
metadata:
  annotations:
    postern.dev/port: http
  labels:
    app.kubernetes.io/name: web
  name: web
spec:
  ports:
    - name: http
      port: 80
    - port: 81
      targetPort: http
kind: Service
`
  const [located] = parseManifest(text, 'x.yaml').objects
  expect(located?.place.lineOf(field)).toBe(line)
})

test('no text makes it throw', () => {
  const token = fc.constantFrom(
    'apiVersion: v1',
    'kind: List',
    'items:',
    '- ',
    '  ',
    '&a',
    '*a',
    '---',
    '[',
    '{',
    '}',
    '"',
    ': ',
    '<<: *a',
    '!!map',
    '\t',
    '|',
  )
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(fc.oneof(token, fc.constant('\n'), fc.string())).map((all) => all.join('')),
  )
  fc.assert(
    fc.property(text, (some) => {
      parseManifest(some, 'fuzz.yaml')
    }),
    { numRuns: 1000 },
  )
})
