import bcrypt from 'bcryptjs'
import { expect, test } from 'vitest'
import { threadedMatch } from '../../../src/gateway/access/match-in-thread.node.ts'
import { postern } from '../../support/postern-cli.ts'

test('several passwords are checked in one thread, each with its own answer', async () => {
  const match = threadedMatch()
  const hash = bcrypt.hashSync('secret', 4)
  const said = await Promise.all(['secret', 'Secret', 'secret', ''].map((password) => match(password, hash)))
  expect(said).toEqual([true, false, true, false])
})

test('explain has the answer of the thread, and ends', async () => {
  const authorization = `Basic ${btoa('alice:open sesame')}`
  const url = 'http://reports.localhost/'
  const header = `Authorization: ${authorization}`
  const { stdout } = await postern(['explain', url, '--manifests', 'examples/auth/', '-H', header])
  expect(stdout).toContain('✓ access: admitted')
})
