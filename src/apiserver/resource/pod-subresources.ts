/** What stands under pods: their node (`binding`), their end on request (`eviction`), other amounts for a running one (`resize`). */
import { formatTime } from '../../base/clock.ts'
import type { Container, Pod } from '../../kube/core.ts'
import type { Condition, KubeObject, LabelSelector, UnknownObject } from '../../kube/object.ts'
import { selects } from '../../kube/selector.ts'
import { type ApiError, apiError } from '../../kube/status.ts'
import { qosClass } from '../kinds/pod.ts'
import { validatePodSpec } from '../kinds/pod-validation.ts'
import { deleteObject } from './delete.ts'
import { denied, type FieldError, invalid, invalidObject } from './field-error.ts'
import { getObject, type Target } from './read.ts'
import { badRequest, conflict } from './refusals.ts'
import { DONE, type Subresource } from './subresource.ts'
import { updateObject, type WriteContext } from './write.ts'
import type { WriteRequest } from './write-request.ts'

interface Binding extends UnknownObject {
  readonly target?: { readonly kind?: string; readonly name?: string }
}

export const binding: Subresource = {
  kind: ['v1', 'Binding'],
  create: async (context, target, body, request) => {
    checkName(target, body, 'Binding')
    const node = (body as Binding).target
    if (node?.kind && node.kind !== 'Node')
      throw badRequest(
        `target.kind: Unsupported value: ${JSON.stringify(node.kind)}: supported values: "Node", "<empty>"`,
      )
    if (!node?.name) throw badRequest('target.name: Required value')
    const { name } = node
    const time = formatTime(context.clock.now())
    await updateObject(context, target, old => bound(old as unknown as Pod, name, body, time), {
      ...request,
      subresource: 'binding',
      isServerOwn: true,
    })
    return DONE
  },
}

/** Of a pod's name, a body says nothing or the same. */
function checkName({ name }: Target, { metadata }: UnknownObject, kind: string): void {
  if (metadata.name && metadata.name !== name) throw badRequest(`name in URL does not match name in ${kind} object`)
}

const PODS_BINDING = { group: '', plural: 'pods/binding', kind: 'Binding' }

function bound(pod: Pod, nodeName: string, body: UnknownObject, time: string): UnknownObject {
  const { metadata, spec } = pod
  const name = metadata.name ?? ''
  const refuse = (why: string) => conflict(PODS_BINDING, name, why)
  const { schedulingGates = [] } = spec as { readonly schedulingGates?: readonly unknown[] }
  if (body.metadata.uid && body.metadata.uid !== metadata.uid)
    throw refuse(`Precondition failed: UID in precondition: ${body.metadata.uid}, UID in object meta: ${metadata.uid}`)
  if (metadata.deletionTimestamp) throw refuse(`pod ${name} is being deleted, cannot be assigned to a host`)
  if (spec.nodeName) throw refuse(`pod ${name} is already assigned to node "${spec.nodeName}"`)
  if (schedulingGates.length > 0) throw refuse(`pod ${name} has non-empty .spec.schedulingGates`)
  const scheduled: Condition = { type: 'PodScheduled', status: 'True', lastProbeTime: null, lastTransitionTime: time }
  const others = (pod.status?.conditions ?? []).filter(condition => condition.type !== 'PodScheduled')
  const { annotations, labels } = body.metadata
  return {
    ...pod,
    metadata: {
      ...metadata,
      ...(annotations && { annotations: { ...metadata.annotations, ...annotations } }),
      ...(labels && { labels: { ...metadata.labels, ...labels } }),
    },
    spec: { ...spec, nodeName },
    status: { ...pod.status, conditions: [...others, scheduled] },
  } as unknown as UnknownObject
}

interface DisruptionBudget extends KubeObject {
  readonly spec?: { readonly selector?: LabelSelector; readonly unhealthyPodEvictionPolicy?: string }
  readonly status?: {
    readonly observedGeneration?: number
    readonly disruptionsAllowed?: number
    readonly currentHealthy?: number
    readonly desiredHealthy?: number
    readonly disruptedPods?: Readonly<Record<string, string>>
  }
}

const BUDGETS = 'policy/poddisruptionbudgets'

export const eviction: Subresource = {
  kind: ['policy/v1', 'Eviction'],
  create: async (context, target, body, request) => {
    const { dryRun = false, user } = request
    checkName(target, body, 'Eviction')
    const pod = getObject(context.store, target) as unknown as Pod
    if (isProtected(pod)) await takeFromBudget(context, target, pod, dryRun)
    if (!dryRun) await markEvicted(context, target, request)
    const options = (body as { deleteOptions?: object }).deleteOptions ?? {}
    await deleteObject(context, target, { ...options, ...(dryRun && { dryRun }) }, user)
    return DONE
  },
}

/** For whoever counts disruptions apart from failures (Job's podFailurePolicy): why it goes stands in the pod before it goes. */
async function markEvicted(context: WriteContext, target: Target, request: WriteRequest): Promise<void> {
  const lastTransitionTime = formatTime(context.clock.now())
  const mark: Condition = {
    ...({ type: 'DisruptionTarget', status: 'True', lastTransitionTime } as const),
    ...{ reason: 'EvictionByEvictionAPI', message: 'Eviction API: evicting' },
  }
  const marked = (old: UnknownObject): UnknownObject => {
    const { status } = old as unknown as Pod
    const others = (status?.conditions ?? []).filter(({ type }) => type !== mark.type)
    return { ...old, status: { ...status, conditions: [...others, mark] } }
  }
  await updateObject(context, target, marked, { ...request, subresource: 'status', isServerOwn: true })
}

/** A pod that does not run, or leaves anyhow, disrupts nothing by going. */
const isProtected = ({ metadata, status }: Pod): boolean =>
  metadata.deletionTimestamp === undefined && !['Pending', 'Succeeded', 'Failed'].includes(status?.phase ?? '')

async function takeFromBudget({ store, clock }: WriteContext, target: Target, pod: Pod, dryRun: boolean) {
  const { namespace = '' } = target
  const all = store.list({ resource: BUDGETS, namespace }).items as unknown as readonly DisruptionBudget[]
  const budgets = all.filter(({ spec }) => selects(spec?.selector, pod.metadata.labels))
  const [budget] = budgets
  if (budgets.length > 1)
    throw apiError(
      'InternalError',
      'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.',
    )
  if (!budget || mayGoUnready(pod, budget)) return
  const key = { resource: BUDGETS, namespace, name: budget.metadata.name ?? '' }
  const time = formatTime(clock.now())
  const change = (current: UnknownObject | undefined): UnknownObject | undefined =>
    current && (lessOne(current as unknown as DisruptionBudget, target.name, time) as unknown as UnknownObject)
  if (dryRun) change(store.get(key))
  else await store.write(key, change)
}

/** What does not work is not missed, as long as enough others do (or the budget says that it never is). */
function mayGoUnready({ status }: Pod, { spec, status: health }: DisruptionBudget): boolean {
  if (status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True')) return false
  const { currentHealthy = 0, desiredHealthy = 0 } = health ?? {}
  return spec?.unhealthyPodEvictionPolicy === 'AlwaysAllow' || (desiredHealthy > 0 && currentHealthy >= desiredHealthy)
}

function lessOne(budget: DisruptionBudget, pod: string, time: string): DisruptionBudget {
  const { metadata, status = {} } = budget
  const { disruptionsAllowed = 0, desiredHealthy = 0, currentHealthy = 0 } = status
  if ((status.observedGeneration ?? 0) < (metadata.generation ?? 0))
    throw tooMany(`The disruption budget ${metadata.name} is still being processed by the server.`, 10)
  if (disruptionsAllowed < 1)
    throw tooMany(
      `The disruption budget ${metadata.name} needs ${desiredHealthy} healthy pods and has ${currentHealthy} currently`,
    )
  const disruptedPods = { ...status.disruptedPods, [pod]: time }
  return { ...budget, status: { ...status, disruptionsAllowed: disruptionsAllowed - 1, disruptedPods } }
}

const tooMany = (message: string, retryAfterSeconds?: number): ApiError =>
  apiError('TooManyRequests', "Cannot evict pod as it would violate the pod's disruption budget.", {
    causes: [{ reason: 'DisruptionBudget', message }],
    ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
  })

/** Only the amounts of containers count; whatever else the body says is not looked at. */
export const resize: Subresource = {
  get: ({ store }, target) => getObject(store, target),
  update: (context, target, produce, request) =>
    updateObject(context, target, old => resized(old as unknown as Pod, produce(old) as unknown as Pod), {
      ...request,
      subresource: 'resize',
      isServerOwn: true,
    }),
}

function resized(pod: Pod, wanted: Pod): UnknownObject {
  const containers = pod.spec.containers.map(container => {
    const asked = wanted.spec.containers.find(({ name }) => name === container.name)
    return asked ? { ...container, resources: asked.resources ?? {} } : container
  })
  const next: Pod = { ...pod, spec: { ...pod.spec, containers } }
  const errors: FieldError[] = [
    ...(qosClass(next) === qosClass(pod)
      ? []
      : [invalid('spec', qosClass(pod), 'Pod QOS Class may not change as a result of resizing')]),
    ...validatePodSpec(next.spec, 'spec'),
    ...containers.flatMap((container, i) => removedAmounts(pod.spec.containers[i], container, i)),
  ]
  if (errors.length > 0) throw invalidObject({ group: '', kind: 'Pod' }, pod.metadata.name ?? '', errors)
  return next as unknown as UnknownObject
}

function removedAmounts(before: Container | undefined, { resources }: Container, i: number): readonly FieldError[] {
  return (['limits', 'requests'] as const).flatMap(list => {
    const now = resources?.[list] ?? {}
    const isRemoved = Object.keys(before?.resources?.[list] ?? {}).some(name => !(name in now))
    const what = `resource ${list} cannot be removed`
    return isRemoved ? [denied(`spec.containers[${i}].resources.${list}`, what)] : []
  })
}
