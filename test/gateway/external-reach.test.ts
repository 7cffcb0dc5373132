import { expect, test } from 'vitest'
import { externalRefusal } from '../../src/gateway/external-reach.ts'
import { parseCidr, parseIp } from '../../src/model/address.ts'

const everything = ['0.0.0.0/0', '::/0'].map(parseCidr).filter((cidr) => cidr !== undefined)

function refusal(text: string, allowedCidrs = everything): string | undefined {
  const address = parseIp(text)
  if (address === undefined) throw new Error(`the test's address is wrong: ${text}`)
  return externalRefusal(address, { allowedCidrs, deniedCidrs: [], isNode: (each) => each === '10.2.0.1' })
}

test.each([
  ...['127.0.0.1', '::1', '::127.0.0.1', '0.0.0.0', '::', '169.254.169.254', 'fe80::1', '224.0.0.1'],
  ...['::ffff:169.254.169.254', '::a9fe:a9fe', '64:ff9b::a9fe:a9fe', '64:ff9b:1::a9fe:a9fe'],
  ...['64:ff9b:1:a9fe:a9:fe00::', '2002:a9fe:a9fe::1', '2001::5601:5601', '::ffff:0:7f00:1', '2002:7f00:1::'],
  ...['fd00:ec2::254', 'fd00:ec2::23', 'fd20:ce::254', '168.63.129.16', '100.100.100.200', '192.0.0.192'],
  ...['10.2.0.1', '64:ff9b::a02:1', '2002:a02:1::'],
])('a name outside leads never to %s, whatever the operator allows', (text) => {
  expect(refusal(text)).toBeTypeOf('string')
})

test.each([
  ...['10.0.0.1', '192.168.0.1', '100.64.0.1', 'fd00::1', 'fec0::1', '64:ff9b::808:808', '2002:808:808::'],
  ...['198.18.0.1', '240.0.0.1', '::ffff:10.0.0.1'],
])('to %s only where the operator allows it', (text) => {
  expect(refusal(text, [])).toBeTypeOf('string')
  expect(refusal(text)).toBeUndefined()
})

test.each(['8.8.8.8', '2606:4700::1111'])('to %s', (text) => {
  expect(refusal(text, [])).toBeUndefined()
})
