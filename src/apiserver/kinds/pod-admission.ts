/**
 * What a new pod gets from other objects: the token of its ServiceAccount as a volume, the standard tolerations, its priority
 * (upstream's ServiceAccount, DefaultTolerationSeconds and Priority admission).
 */

import type { Container, Pod, PodSpec, ServiceAccount, Volume } from '../../kube/core.ts'
import { SERVICE_ACCOUNT_DIR } from '../../kube/names.ts'
import { generatedName } from '../resource/metadata.ts'
import { forbidden } from '../resource/refusals.ts'
import type { AdmitContext } from '../resource/resource.ts'

const PODS = { group: '', plural: 'pods', kind: 'Pod' }

export function admitPod(pod: Pod, context: AdmitContext): Pod {
  if (!pod.spec) return pod
  const steps = [withServiceAccount, withTolerations, withPriority]
  return steps.reduce((admitted, step) => step(admitted, context), pod)
}

const refuse = (pod: Pod, why: string) => forbidden(PODS, pod.metadata.name ?? '', why)

/** A second more than an hour and seven: upstream's mark for tokens that the server added itself. */
const TOKEN_SECONDS = 3607

function withServiceAccount(pod: Pod, { store }: AdmitContext): Pod {
  const { namespace = '' } = pod.metadata
  const name = pod.spec.serviceAccountName || 'default'
  const account = store.get({ resource: 'serviceaccounts', namespace, name }) as ServiceAccount | undefined
  if (!account) {
    throw refuse(pod, `error looking up service account ${namespace}/${name}: serviceaccount "${name}" not found`)
  }
  const named = { ...pod, spec: { ...pod.spec, serviceAccountName: name } }
  const isMounted = pod.spec.automountServiceAccountToken ?? account.automountServiceAccountToken ?? true
  return isMounted ? { ...named, spec: withTokenVolume(named.spec) } : named
}

function withTokenVolume(spec: PodSpec): PodSpec {
  const containers = [...(spec.containers ?? []), ...(spec.initContainers ?? [])]
  if (containers.every(hasTokenMount)) return spec
  const name = generatedName('kube-api-access-')
  const mount = { name, readOnly: true, mountPath: SERVICE_ACCOUNT_DIR }
  const mounted = (container: Container): Container =>
    hasTokenMount(container) ? container : { ...container, volumeMounts: [...(container.volumeMounts ?? []), mount] }
  return {
    ...spec,
    volumes: [...(spec.volumes ?? []), tokenVolume(name)],
    containers: spec.containers.map(mounted),
    ...(spec.initContainers && { initContainers: spec.initContainers.map(mounted) }),
  }
}

const hasTokenMount = ({ volumeMounts = [] }: Container): boolean =>
  volumeMounts.some(mount => mount.mountPath === SERVICE_ACCOUNT_DIR)

const tokenVolume = (name: string): Volume => ({
  name,
  projected: {
    defaultMode: 0o644,
    sources: [
      { serviceAccountToken: { expirationSeconds: TOKEN_SECONDS, path: 'token' } },
      { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
      { downwardAPI: { items: [{ path: 'namespace', fieldRef: { fieldPath: 'metadata.namespace' } }] } },
    ],
  },
})

/** A node that is gone keeps its pods for five minutes. */
const NODE_TAINTS = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable']

interface Toleration {
  readonly key?: string
  readonly effect?: string
}

function withTolerations(pod: Pod): Pod {
  const given = (pod.spec.tolerations ?? []) as readonly Toleration[]
  const tolerates = (taint: string): boolean =>
    given.some(({ key, effect }) => (!key || key === taint) && (!effect || effect === 'NoExecute'))
  const added = NODE_TAINTS.filter(taint => !tolerates(taint)).map(key => ({
    key,
    operator: 'Exists',
    effect: 'NoExecute',
    tolerationSeconds: 300,
  }))
  return added.length === 0 ? pod : { ...pod, spec: { ...pod.spec, tolerations: [...given, ...added] } }
}

const SYSTEM_PRIORITIES: Readonly<Record<string, number>> = {
  'system-cluster-critical': 2_000_000_000,
  'system-node-critical': 2_000_001_000,
}

interface PriorityClass {
  readonly metadata: { readonly name?: string }
  readonly value: number
  readonly globalDefault?: boolean
  readonly preemptionPolicy?: string
}

function withPriority(pod: Pod, { store }: AdmitContext): Pod {
  const asked = pod.spec.priorityClassName
  const classes = store.list({ resource: 'scheduling.k8s.io/priorityclasses' })
    .items as unknown as readonly PriorityClass[]
  const found = asked ? classes.find(c => c.metadata.name === asked) : classes.find(c => c.globalDefault)
  const priority = found?.value ?? (asked ? SYSTEM_PRIORITIES[asked] : 0)
  if (priority === undefined) throw refuse(pod, `no PriorityClass with name ${asked} was found`)
  const name = asked ?? found?.metadata.name
  return {
    ...pod,
    spec: {
      ...pod.spec,
      ...(name && { priorityClassName: name }),
      ...{ preemptionPolicy: found?.preemptionPolicy ?? 'PreemptLowerPriority' },
      priority,
    },
  }
}
