/** A namespace is a DNS label (RFC 1123). */
import type { Declaration } from '../kinds.ts'
import type { Rule } from './rule.ts'

export const namespaceFits: Rule<Declaration> = {
  reads: ['metadata.namespace'],
  check: ({ metadata: { namespace } }) => {
    if (namespace === undefined || /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(namespace)) return []
    return [
      {
        field: 'metadata.namespace',
        what: `is ${JSON.stringify(namespace)}`,
        why: 'a namespace has lower-case letters, digits and -, begins and ends with a letter or digit, and has at most 63',
        fix: 'Write the name of a namespace as kubectl get namespaces prints it.',
      },
    ]
  },
}
