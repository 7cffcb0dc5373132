import { hostileHostsContract } from '../contract/hostile-hosts.ts'
import { hostileRelayContract } from '../contract/hostile-relay.ts'
import { nodeReader } from '../contract/hostile-shells.ts'

hostileRelayContract('A Node gateway', nodeReader)
hostileHostsContract('A Node gateway', nodeReader)
