/** The number behind a pod's priority class, and that there is one default at most (plugin/pkg/admission/priority). */
import type { Pod } from '../../kube/core.ts'
import type { KubeObject } from '../../kube/object.ts'
import type { Store } from '../store/store.ts'
import { isOf, refused, type Stage } from './stage.ts'

const CLASSES = 'scheduling.k8s.io/priorityclasses'

interface PriorityClass extends KubeObject {
  readonly value: number
  readonly globalDefault?: boolean
  readonly preemptionPolicy?: string
}
type Prioritised = Pod & { readonly spec?: Pod['spec'] & { readonly preemptionPolicy?: string } }

/** Known before the classes are. */
const SYSTEM: Readonly<Record<string, number>> = {
  'system-cluster-critical': 2_000_000_000,
  'system-node-critical': 2_000_001_000,
}

export const PRIORITY: Stage = {
  name: 'Priority',
  mutate(object, request, { store }) {
    const { spec } = object as unknown as Prioritised
    if (!isOf(request, 'pods') || !spec) return object
    const asked = spec.priorityClassName
    const found = asked ? classNamed(store, asked) : defaultClass(store)
    const value = found?.value ?? (asked ? SYSTEM[asked] : 0)
    if (value === undefined) throw refused(request, `no PriorityClass with name ${asked} was found`)
    const policy = found?.preemptionPolicy ?? 'PreemptLowerPriority'
    const { priority = value, preemptionPolicy = policy } = spec
    if (priority !== value) throw refused(request, given('integer', 'priority', priority, value))
    if (preemptionPolicy !== policy)
      throw refused(request, given('string', 'PreemptionPolicy', preemptionPolicy, policy))
    const name = asked || found?.metadata.name
    return { ...object, spec: { ...spec, ...(name && { priorityClassName: name }), priority, preemptionPolicy } }
  },
  check(request, { store }) {
    const { object, operation } = request
    if (!isOf(request, CLASSES) || operation === 'DELETE' || !(object as PriorityClass | undefined)?.globalDefault)
      return
    const other = defaultClass(store)?.metadata.name
    if (other !== undefined && other !== object?.metadata.name) {
      throw refused(request, `PriorityClass ${other} is already marked as default. Only one default can exist`)
    }
  },
}

const given = (type: string, what: string, asked: string | number, value: string | number): string =>
  `the ${type} value of ${what} (${asked}) must not be provided in pod spec; priority admission controller computed ${value} from the given PriorityClass name`

const classNamed = (store: Store, name: string): PriorityClass | undefined =>
  store.get({ resource: CLASSES, namespace: '', name }) as PriorityClass | undefined

/** Of several, which only a race could make, the one with the least value. */
const defaultClass = (store: Store): PriorityClass | undefined =>
  (store.list({ resource: CLASSES }).items as unknown as readonly PriorityClass[])
    .filter(({ globalDefault }) => globalDefault)
    .sort((a, b) => a.value - b.value)[0]
