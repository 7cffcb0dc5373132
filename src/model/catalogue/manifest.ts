import { entries } from './entry.ts'

export const manifestProblems = entries({
  'duplicate-object': {
    title: 'An object that stands twice in the manifests',
    severity: 'error',
    cause:
      'Two different objects of one kind have the same namespace and name. The first one is used. For a Namespace, of which nothing but its labels is used, it is a warning.',
    mend: 'Remove or rename one of them.',
  },
  'file-unreadable': {
    title: 'A file that cannot be read',
    severity: 'error',
    cause: 'The path is not there, or this process may not read it. The other files are read.',
    mend: 'Check the path and its permissions.',
  },
  'object-invalid': {
    title: 'An object with a field that cannot be read',
    severity: 'error',
    cause:
      'A field is missing, or has a value of the wrong type. The object is left out, the others are read. The API server would refuse it too.',
    mend: 'Mend the field that the message names; `kubectl apply --dry-run=server` tells more.',
  },
  'yaml-syntax': {
    title: 'A file that is not YAML',
    severity: 'error',
    cause:
      'The text cannot be parsed as YAML (or JSON). The other documents are read, and what a running `postern up` has of this file stays in force.',
    mend: 'Mend the line that the message names: most often indentation, a tab, or a value that must be quoted.',
  },
})
