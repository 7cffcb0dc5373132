import { gatewayContract } from '../contract/gateway.ts'
import { inProcessShell } from '../contract/gateway-in-process.ts'
import { nodeShell } from '../contract/gateway-node.ts'

gatewayContract(nodeShell)
gatewayContract(inProcessShell)
