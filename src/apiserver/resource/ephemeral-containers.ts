/** `pods/ephemeralcontainers`: containers may be added to a pod that runs; nothing else of the body is looked at (pkg/registry/core/pod). */
import type { Container, Pod } from '../../kube/core.ts'
import { isSame } from '../../kube/equal.ts'
import type { UnknownObject } from '../../kube/object.ts'
import { validatePodSpec } from '../kinds/pod-validation.ts'
import { denied, type FieldError, invalidObject, required } from './field-error.ts'
import { getObject } from './read.ts'
import { partNamed, type Subresource } from './subresource.ts'

const PATH = 'spec.ephemeralContainers'

const containersOf = ({ spec }: UnknownObject): readonly Container[] =>
  (spec as { readonly ephemeralContainers?: readonly Container[] } | undefined)?.ephemeralContainers ?? []

/** One that is there stays as it is. */
function problemsOf(now: readonly Container[], before: readonly Container[]): readonly FieldError[] {
  const byName = new Map(now.map(container => [container.name, container]))
  return [
    ...now.flatMap(({ name, image }, i) => [
      ...(name ? [] : [required(`${PATH}[${i}].name`)]),
      ...(image ? [] : [required(`${PATH}[${i}].image`)]),
    ]),
    ...before.flatMap(container => {
      const kept = byName.get(container.name)
      if (!kept) return [denied(PATH, `existing ephemeral containers "${container.name}" may not be removed\n`)]
      if (isSame(kept, container)) return []
      return [denied(PATH, `existing ephemeral containers "${container.name}" may not be changed`)]
    }),
  ]
}

export const ephemeralContainers: Subresource = {
  get: ({ store }, target) => getObject(store, target),
  update: partNamed('ephemeralcontainers', (old, wanted, target) => {
    const { uid = old.metadata.uid, resourceVersion } = wanted.metadata
    const changed = {
      ...old,
      metadata: { ...old.metadata, uid, resourceVersion },
      spec: { ...(old.spec as object), ephemeralContainers: containersOf(wanted) },
    }
    const complete = target.resource.strategy.default?.(changed) ?? changed
    const problems = [
      ...validatePodSpec((complete as unknown as Pod).spec, 'spec').filter(({ field }) => field.startsWith(PATH)),
      ...problemsOf(containersOf(complete), containersOf(old)),
    ]
    if (problems.length > 0) throw invalidObject({ group: '', kind: 'Pod' }, target.name, problems)
    return complete
  }),
}
