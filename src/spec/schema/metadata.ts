/** What stands under `metadata` of a declaration. The fields that the API server writes are let through, so that `get -o yaml` can be applied. */
import type { StructuralSchema } from '../../kube/schema.ts'
import { record, text, textMap } from './words.ts'

const WRITTEN_BY_THE_SERVER = [
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'managedFields',
  'ownerReferences',
  'finalizers',
  'selfLink',
]

export const metadataSchema: StructuralSchema = record(
  'Name, namespace, labels.',
  {
    name: text('Name of the declaration, unique among its kind in the namespace.', { minLength: 1 }),
    namespace: text('Namespace that it lives in.', { minLength: 1 }),
    labels: textMap('Labels.'),
    annotations: textMap('Annotations.'),
    ...Object.fromEntries(
      WRITTEN_BY_THE_SERVER.map(name => [name, { 'x-kubernetes-preserve-unknown-fields': true } as StructuralSchema]),
    ),
  },
  ['name'],
)
