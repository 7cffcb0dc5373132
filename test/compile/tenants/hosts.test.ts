import { expect, test } from 'vitest'
import { hostTemplate } from '../../support/compile.ts'
import { evilHosts, evilService, evilSlice, ofOthers, strict, tablesOf } from './neighbours.ts'

const [untouched] = tablesOf([]).map(ofOthers)

test.each([
  ['an exact name of another', 'bank.example.com'],
  ['in upper case', 'BANK.Example.Com'],
  ['with a dot at its end', 'bank.example.com.'],
  ['one below its wildcard', 'new.bank.example.com'],
  ['one deep below it', 'a.b.bank.example.com'],
  ['its wildcard', '*.bank.example.com'],
  ['a wildcard below its wildcard', '*.eu.bank.example.com'],
  ['a wildcard above it', '*.example.com'],
  ['a wildcard above everything', '*.com'],
  ['a name that the operator gave to it', 'pay.example.org'],
  ['a name that nobody was given', 'free.example.net'],
  ['its default name', 'web.bank.example.test'],
  ['the default name of a Service that it does not have yet', 'next.bank.example.test'],
  ['its namespace’s own name', 'bank.example.test'],
  ['a wildcard over its default names', '*.bank.example.test'],
  ['the names of its Pods', '*.db.bank.example.test'],
  ['the name of one of its Pods', 'web-0.db.bank.example.test'],
  ['a wildcard over all namespaces', '*.example.test'],
  ['the domain itself', 'example.test'],
  ['letters that become others (UTS #46)', 'web.ｂａｎｋ.example.test'],
  ['a dot that is none in ASCII', 'web。bank。example。test'],
  ['an A-label that looks like it', 'web.xn--bnk-5na.example.test'],
  ['its name in a list of own ones', 'web.evil.example.test, web.bank.example.test'],
  ['its name beside one that cannot be read', 'a..b, bank.example.com'],
])('no tenant takes %s: %s', (_what, host) => {
  const paths = [{}, { 'postern.dev/path': '/deep/inside' }, { 'postern.dev/path-type': 'exact' }]
  for (const more of paths) {
    for (const type of [
      {},
      { clusterIP: 'None' },
      { type: 'LoadBalancer', loadBalancerClass: 'postern.dev/gateway' },
    ]) {
      const annotations = { 'postern.dev/host': host, ...more }
      const attack = [
        evilService({ name: 'web', annotations }, type),
        evilSlice({ addresses: ['192.0.2.7'] }),
      ]
      for (const table of tablesOf(attack)) {
        expect(ofOthers(table)).toEqual(untouched)
        for (const each of evilHosts(table)) expect(each).toMatch(/\.evil\.example\.test$/)
      }
    }
  }
})

test.each([
  'bank.example.com:80',
  'http://bank.example.com',
  'bank.example.com/x',
  'u@bank.example.com',
  '127.0.0.1',
  '[::1]',
  '*',
])('no hostname: %s', (host) => {
  for (const table of tablesOf([evilService({ name: 'web', annotations: { 'postern.dev/host': host } })])) {
    expect(evilHosts(table)).toEqual([])
    expect(ofOthers(table)).toEqual(untouched)
  }
})

test.each([
  ['{service}.{namespace}.{domain}', 'web.bank'],
  ['{service}--{namespace}.{domain}', 'web--bank'],
  ['{namespace}--{service}.{domain}', 'bank--web'],
  ['{service}.{namespace}.apps.{domain}', 'web.bank'],
])('of %s no name of a Service makes the default name of another’s', (text, name) => {
  const options = { ...strict, hostTemplate: hostTemplate(text) }
  const before = tablesOf([], options).map(ofOthers)
  for (const name_ of [name, `${name}.example.test`, 'bank', 'web-', 'web--bank--x', 'x--bank']) {
    const tables = tablesOf(
      [evilService({ name: name_ }), evilService({ name: name_ }, { clusterIP: 'None' })],
      options,
    )
    tables.forEach((table, i) => {
      expect(ofOthers(table)).toEqual(before[i])
    })
  }
})

test.each([
  ['a Service', { 'postern.dev/allowed-hosts': 'bank.example.com', 'postern.dev/host': 'bank.example.com' }],
  ['a Service, in another case', { 'Postern.dev/Allowed-Hosts': '*', 'postern.dev/host': 'pay.example.org' }],
])('what a namespace may claim is not said on %s', (_where, annotations) => {
  for (const table of tablesOf([evilService({ name: 'web', annotations })])) {
    expect(evilHosts(table)).toEqual([])
    expect(ofOthers(table)).toEqual(untouched)
  }
})
