/** A pod's overhead and places are those of its RuntimeClass (plugin/pkg/admission/runtimeclass). */
import type { Pod } from '../../kube/core.ts'
import { isSame } from '../../kube/equal.ts'
import type { KubeObject } from '../../kube/object.ts'
import { isOf, refused, type Stage } from './stage.ts'

interface RuntimeClass extends KubeObject {
  readonly overhead?: { readonly podFixed?: Readonly<Record<string, string>> }
  readonly scheduling?: {
    readonly nodeSelector?: Readonly<Record<string, string>>
    readonly tolerations?: readonly object[]
  }
}
type Spec = Pod['spec'] & { readonly runtimeClassName?: string; readonly overhead?: Readonly<Record<string, string>> }

export const RUNTIME_CLASS: Stage = {
  name: 'RuntimeClass',
  mutate(object, request, { store }) {
    const spec = object.spec as Spec | undefined
    if (!isOf(request, 'pods') || !spec) return object
    const { runtimeClassName: name, overhead } = spec
    if (!name) return object
    const found = store.get({ resource: 'node.k8s.io/runtimeclasses', namespace: '', name }) as RuntimeClass | undefined
    if (!found) throw refused(request, `pod rejected: RuntimeClass ${JSON.stringify(name)} not found`)
    const fixed = found.overhead?.podFixed
    if (overhead && !isSame(overhead, fixed ?? {})) {
      throw refused(request, "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead")
    }
    const { nodeSelector, tolerations } = found.scheduling ?? {}
    const clash = Object.entries(nodeSelector ?? {}).find(
      ([key, value]) => (spec.nodeSelector?.[key] ?? value) !== value,
    )
    if (clash)
      throw refused(
        request,
        `conflict: runtimeClass.scheduling.nodeSelector[${clash[0]}] = ${clash[1]}; pod.spec.nodeSelector[${clash[0]}] = ${spec.nodeSelector?.[clash[0]]}`,
      )
    return {
      ...object,
      spec: {
        ...spec,
        ...(fixed && { overhead: fixed }),
        ...(nodeSelector && { nodeSelector: { ...spec.nodeSelector, ...nodeSelector } }),
        ...(tolerations && { tolerations: [...(spec.tolerations ?? []), ...tolerations] }),
      },
    }
  },
  check(request) {
    const spec = request.object?.spec as Spec | undefined
    if (request.operation !== 'CREATE' || !isOf(request, 'pods') || !spec?.overhead || spec.runtimeClassName) return
    throw refused(request, 'pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead')
  },
}
