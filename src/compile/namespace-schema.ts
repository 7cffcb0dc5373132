import { define } from './annotation.ts'
import { parseHosts } from './schema.ts'

/** The annotations of a Namespace, as {@link ./schema.ts} has those of a Service. */
export const namespaceAnnotations = {
  allowedHosts: define({
    name: 'allowed-hosts',
    summary:
      "The hostnames that the namespace's Services may claim with `postern.dev/host` when the agent runs with `--host-claims strict`, beside those below their own default names and those in `--allow-hosts`.",
    takes:
      'hostnames, separated by commas; `*.example.com` allows every name and every wildcard below `example.com`',
    otherwise: 'none',
    whenInvalid: 'none is allowed',
    example: 'shop.example.com, *.shop.example.com',
    parse: parseHosts,
  }),
} as const
