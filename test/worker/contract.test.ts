import { afterAll, beforeAll } from 'vitest'
import { gatewayContract } from '../contract/gateway.ts'
import { workerdShell } from '../contract/gateway-workerd.ts'
import { bundleWorker, type WorkerBundle } from '../support/workerd.ts'

let bundle: WorkerBundle
beforeAll(() => {
  bundle = bundleWorker()
})
afterAll(() => bundle.remove())

gatewayContract(workerdShell(() => bundle, 'fetch'))
gatewayContract(workerdShell(() => bundle, 'socket'))
