import { entries } from './entry.ts'

export const secretProblems = entries({
  'acme-failed': {
    title: 'A certificate that the authority has not issued yet',
    severity: 'error',
    cause:
      'The agent has ordered a certificate for the Service, and the authority, or the cluster in which it is to be kept, said no. The message has their words: a hostname that does not lead to a gateway from outside, a CAA record that names another authority, a rate limit, a right that is missing. A certificate that there is already goes on being served.',
    mend: 'Mend what the message names; the agent tries again by itself, after a minute and then less and less often, and not before the authority allows it. docs/acme.md tells what each needs.',
  },
  'acme-impossible': {
    title: 'A Service that asks for a certificate which cannot be ordered',
    severity: 'error',
    cause:
      'The Service says `postern.dev/acme: "true"`, but not in which one Secret the certificate is to be kept, or the agent has been given no directory, or none of its hostnames can be proven: a wildcard cannot over HTTP, and a hostname that is not its own is never ordered.',
    mend: 'Name one Secret in `postern.dev/tls-secret`, and hostnames without a wildcard. The operator gives the agent `--acme-directory` (docs/acme.md).',
  },
  'certificate-invalid': {
    title: 'A certificate or private key that cannot be used',
    severity: 'error',
    cause:
      'A Secret that the Service names holds no certificate in PEM, or no private key that belongs to it, or one that TLS libraries refuse. Nothing of it is published: what needs it stays closed.',
    mend: 'Write the pair that belongs together into the Secret: `tls.crt` with the certificate of the host first and then those that issued it, `tls.key` with one key that is not encrypted. docs/secrets.md shows how.',
  },
  'certificate-names': {
    title: 'A hostname that no certificate of the Service is for',
    severity: 'warning',
    cause:
      'The Service names certificates, but one of its hostnames is among the DNS names (`subjectAltName`) of none; `*.example.com` in a certificate stands for exactly one label. Clients refuse the connection.',
    mend: 'Have the hostname added to the certificate, or name the Secret of one that has it.',
  },
  'certificate-untimely': {
    title: 'A certificate that has expired, is not valid yet, or expires within a week',
    severity: 'error',
    cause:
      'Clients refuse a certificate outside of its validity. What expires within seven days is a warning: whatever renews it should have done so by now. Looked at once an hour.',
    mend: 'Have it renewed and write it into the Secret; gateways take it up without a restart.',
  },
  'secret-forbidden': {
    title: 'A Secret that the agent may not read',
    severity: 'error',
    cause:
      'The agent has no right to read Secrets but those that a Role names one by one, and none names this one. What needs it stays closed; what was read before the right was taken away stays as it was until the agent starts anew.',
    mend: 'Print the Role and its binding, read them, and apply them: `postern roles --kubeconfig … --namespace NAMESPACE | kubectl apply -f -`. docs/secrets.md tells step by step.',
  },
  'secret-invalid': {
    title: 'A Secret that does not hold what it is named for',
    severity: 'error',
    cause:
      'The Secret is of another type, lacks an entry, or an entry cannot be read. Only what can be read is let in by it; of what cannot be taken in parts nothing is published. A warning where it works, but is weak.',
    mend: 'The message names the entry; docs/secrets.md says what each use takes. What the Secret holds is in no message of ours.',
  },
  'secret-missing': {
    title: 'A Secret or ConfigMap that is not there',
    severity: 'warning',
    cause:
      'The Service names a Secret or ConfigMap that its namespace does not have; those of other namespaces cannot be named. What needs it stays closed. An error in a cluster; of manifests a warning, for few keep Secrets beside them.',
    mend: 'Make it, or correct the name in the annotation.',
  },
})
