import { entries } from './entry.ts'

export const hostProblems = entries({
  'host-conflict': {
    title: 'A hostname that belongs to another namespace',
    severity: 'error',
    cause:
      'A Service in another namespace claims this hostname as well, and goes first, so that its namespace owns all paths of it: the older Service does, and where neither has an age (as in manifests that were not applied yet) the first by namespace and name. Whose it is, is not told.',
    mend: 'Choose another hostname with `postern.dev/host`.',
  },
  'host-not-allowed': {
    title: 'A hostname that the namespace may not claim',
    severity: 'error',
    cause:
      'The operator runs with `--host-claims strict`: besides its own names a namespace may claim only hostnames that it has been allowed. Nothing is served on this one.',
    mend: 'Use a name below the namespace’s own; or have it allowed, by `postern.dev/allowed-hosts` on the Namespace or `--allow-hosts` on the agent.',
  },
  'host-overlap': {
    title: 'An exact hostname takes paths away from a wildcard',
    severity: 'warning',
    cause:
      'The most specific hostname owns all of its paths: nothing falls through to the wildcard. A path that the wildcard would answer, and this hostname does not, is 404 here.',
    mend: 'Add the paths in the hint to this hostname: list it on the Services that have them. Or give this Service a path on the wildcard instead of a hostname of its own.',
  },
  'host-reserved': {
    title: 'A hostname below another namespace’s own names',
    severity: 'error',
    cause:
      'Below the domain of the defaults each namespace owns `*.<namespace>.<domain>`, and wildcards that span several belong to nobody.',
    mend: 'Use a name below your own namespace’s, or one outside that domain.',
  },
  'path-conflict': {
    title: 'A path that another Service of the namespace has',
    severity: 'error',
    cause:
      'Two Services claim the same path of the same hostname. The older one keeps it; where neither has an age (as in manifests that were not applied yet) the first by name.',
    mend: 'Choose another path or another hostname for one of them.',
  },
})
