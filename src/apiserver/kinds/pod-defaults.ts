/** What upstream fills into a pod's spec, wherever it stands: in a Pod or in a template (pkg/apis/core/v1/defaults.go). */
import type { Container, Pod, PodSpec, PodTemplateSpec, ResourceRequirements, Volume } from '../../kube/core.ts'

type Fields = Readonly<Record<string, unknown>>

/** Fields that our types do not name, which still have defaults. */
type Loose<T> = T & Fields

/** The given fields on top of the defaults; a missing list stays missing. */
const mapped = <T>(items: readonly T[] | undefined, key: string, change: (item: T) => T) =>
  items === undefined ? {} : { [key]: items.map(change) }

const PROBE_DEFAULTS = { timeoutSeconds: 1, periodSeconds: 10, successThreshold: 1, failureThreshold: 3 }
const PROBES = ['livenessProbe', 'readinessProbe', 'startupProbe'] as const

/** Of a probe or a hook. */
const handler = (given: Handler): Handler => ({
  ...given,
  ...(given.httpGet && { httpGet: { path: '/', scheme: 'HTTP', ...given.httpGet } }),
  ...(given.grpc && { grpc: { service: '', ...given.grpc } }),
})

type Handler = Fields & { readonly httpGet?: Fields; readonly grpc?: Fields }

function hooks({ lifecycle }: { readonly lifecycle?: Fields }): Fields {
  if (!lifecycle) return {}
  const filled = Object.entries(lifecycle).map(([name, hook]) => [name, handler((hook ?? {}) as Handler)])
  return { lifecycle: Object.fromEntries(filled) }
}

function probes(container: Loose<Container>): Fields {
  return Object.fromEntries(
    PROBES.flatMap(name => {
      const probe = container[name] as Handler | undefined
      if (!probe) return []
      return [[name, { ...PROBE_DEFAULTS, ...handler(probe) }]]
    }),
  )
}

/** `latest`, or no tag at all, may change under its name. */
function pullPolicy(image: string | undefined): Fields {
  if (image === undefined) return { imagePullPolicy: 'IfNotPresent' }
  const tag = image.includes('@') ? '@' : image.slice(image.lastIndexOf('/') + 1).split(':')[1]
  return { imagePullPolicy: tag === undefined || tag === 'latest' ? 'Always' : 'IfNotPresent' }
}

/** What is limited and not requested is requested in full. */
function requestsFromLimits(resources: ResourceRequirements): ResourceRequirements {
  return resources.limits ? { ...resources, requests: { ...resources.limits, ...resources.requests } } : resources
}

function containerDefaults(container: Container): Container {
  return {
    terminationMessagePath: '/dev/termination-log',
    ...{ terminationMessagePolicy: 'File' },
    ...pullPolicy(container.image),
    ...container,
    resources: container.resources ?? {},
    ...mapped(container.ports, 'ports', port => ({ protocol: 'TCP', ...port })),
    ...mapped(container.env, 'env', variable =>
      variable.valueFrom?.fieldRef
        ? {
            ...variable,
            valueFrom: { ...variable.valueFrom, fieldRef: { apiVersion: 'v1', ...variable.valueFrom.fieldRef } },
          }
        : variable,
    ),
    ...probes(container as Loose<Container>),
    ...hooks(container as { readonly lifecycle?: Fields }),
  }
}

/** rw-r--r-- */
const FILE_MODE = 0o644
const SOURCES_WITH_MODE = ['configMap', 'secret', 'projected', 'downwardAPI'] as const

function volumeDefaults(volume: Loose<Volume>): Volume {
  const source = SOURCES_WITH_MODE.find(name => volume[name] !== undefined)
  if (source === 'downwardAPI') {
    const { downwardAPI } = volume
    const items = mapped(downwardAPI?.items, 'items', withApiVersion)
    return { ...volume, downwardAPI: { defaultMode: FILE_MODE, ...downwardAPI, ...items } }
  }
  if (source === 'projected') return { ...volume, projected: projectedDefaults(volume.projected) }
  if (source) return { ...volume, [source]: { defaultMode: FILE_MODE, ...(volume[source] as Fields) } }
  if (volume.hostPath) return { ...volume, hostPath: { type: '', ...volume.hostPath } }
  if (volume.ephemeral) return { ...volume, ephemeral: ephemeralDefaults(volume.ephemeral as Fields) } as Volume
  return Object.keys(volume).length === 1 ? { ...volume, emptyDir: {} } : volume
}

function ephemeralDefaults(ephemeral: Fields): Fields {
  const template = ephemeral.volumeClaimTemplate as (Fields & { readonly spec?: Fields }) | undefined
  if (!template) return ephemeral
  const spec = { volumeMode: 'Filesystem', ...template.spec }
  return { ...ephemeral, volumeClaimTemplate: { ...template, spec } }
}

const projectedDefaults = (projected: Volume['projected'] = {}): Volume['projected'] => ({
  defaultMode: FILE_MODE,
  ...projected,
  ...mapped(projected.sources, 'sources', source =>
    source.serviceAccountToken
      ? { ...source, serviceAccountToken: { expirationSeconds: 3600, ...source.serviceAccountToken } }
      : source.downwardAPI?.items
        ? { ...source, downwardAPI: { ...source.downwardAPI, items: source.downwardAPI.items.map(withApiVersion) } }
        : source,
  ),
})

const withApiVersion = <T extends { readonly fieldRef?: { readonly fieldPath: string } }>(item: T): T =>
  item.fieldRef ? { ...item, fieldRef: { apiVersion: 'v1', ...item.fieldRef } } : item

/** kubectl 1.33 and later read `securityContext` without looking whether it is there. */
const POD_DEFAULTS = {
  restartPolicy: 'Always',
  dnsPolicy: 'ClusterFirst',
  schedulerName: 'default-scheduler',
  terminationGracePeriodSeconds: 30,
  securityContext: {},
} as const

export function podSpecDefaults(spec: PodSpec): PodSpec {
  // The deprecated twin is still what some clients read.
  const account = spec.serviceAccountName && { serviceAccount: spec.serviceAccountName }
  const container = (each: Container): Container =>
    spec.hostNetwork ? onHost(containerDefaults(each)) : containerDefaults(each)
  // Less than nothing is what old clusters stored for the shortest.
  const isNegative = (spec.terminationGracePeriodSeconds ?? 0) < 0
  return {
    ...POD_DEFAULTS,
    ...spec,
    ...(isNegative && { terminationGracePeriodSeconds: 1 }),
    ...account,
    ...mapped(spec.containers, 'containers', container),
    ...mapped(spec.initContainers, 'initContainers', container),
    ...mapped(
      (spec as { readonly ephemeralContainers?: readonly Container[] }).ephemeralContainers,
      'ephemeralContainers',
      containerDefaults,
    ),
    ...mapped(spec.volumes, 'volumes', volume => volumeDefaults(volume as Loose<Volume>)),
  } as PodSpec
}

/** On the host's network a port is the host's. */
const onHost = (container: Container): Container => ({
  ...container,
  ...mapped(container.ports, 'ports', port => ({ ...{ hostPort: port.containerPort }, ...port })),
})

export const templateDefaults = (template: PodTemplateSpec): PodTemplateSpec =>
  template?.spec ? { ...template, spec: podSpecDefaults(template.spec) } : template

/** A Pod's own: templates leave these to the pods that come of them. */
export function podDefaults(pod: Pod): Pod {
  if (!pod.spec) return pod
  const withRequests = (container: Container): Container =>
    container.resources ? { ...container, resources: requestsFromLimits(container.resources) } : container
  const spec = podSpecDefaults(pod.spec)
  return {
    ...pod,
    spec: {
      ...{ enableServiceLinks: true },
      ...spec,
      ...mapped(spec.containers, 'containers', withRequests),
      ...mapped(spec.initContainers, 'initContainers', withRequests),
    } as PodSpec,
  }
}
