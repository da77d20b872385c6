/** Services: an address out of the range, ports, and what may not change (pkg/apis/core, pkg/registry/core/service). */
import type { Service, ServicePort } from '../../kube/core.ts'
import { duplicate, type FieldError, invalid, required } from '../resource/field-error.ts'
import type { AdmitContext, Strategy } from '../resource/resource.ts'
import { checkLabels, checkName, dnsLabel } from './names.ts'
import { oneOf, validatePort } from './pod-validation.ts'

type Errors = readonly FieldError[]

const HEADLESS = 'None'

export const SERVICE: Strategy<Service> = {
  nameRule: dnsLabel,
  admit: withAddress,
  prepareUpdate: keepAddress,
  default: serviceDefaults,
  validate: validateService,
  validateUpdate: validateServiceUpdate,
}

const hasAddress = ({ spec }: Service): boolean => spec?.type !== 'ExternalName'

function withAddress(service: Service, { allocateServiceIp }: AdmitContext): Service {
  const { spec } = service
  if (!spec || !hasAddress(service)) return service
  const wanted = spec.clusterIP || spec.clusterIPs?.[0]
  const clusterIP = wanted === HEADLESS ? HEADLESS : allocateServiceIp(wanted || undefined)
  return { ...service, spec: { ...spec, clusterIP, clusterIPs: [clusterIP] } }
}

/** Whoever replaces a Service without its address means the same Service. */
function keepAddress(service: Service, { spec: old }: Service): Service {
  const { spec } = service
  if (!spec || !hasAddress(service) || spec.clusterIP || !old.clusterIP) return service
  return { ...service, spec: { ...spec, clusterIP: old.clusterIP, clusterIPs: old.clusterIPs ?? [old.clusterIP] } }
}

const portDefaults = (port: ServicePort): ServicePort => ({ protocol: 'TCP', targetPort: port.port, ...port })

function serviceDefaults(service: Service): Service {
  const { spec } = service
  if (!spec) return service
  const families = hasAddress(service) && {
    internalTrafficPolicy: 'Cluster',
    ipFamilies: ['IPv4'],
    ipFamilyPolicy: 'SingleStack',
  }
  return {
    ...service,
    spec: {
      ...{ sessionAffinity: 'None' },
      ...families,
      type: 'ClusterIP',
      ...spec,
      ...(spec.ports && { ports: spec.ports.map(portDefaults) }),
    },
  }
}

const TYPES = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort']
const PROTOCOLS = ['SCTP', 'TCP', 'UDP']

function validateService(service: Service): Errors {
  const { spec } = service
  if (!spec) return [required('spec')]
  const ports = spec.ports ?? []
  const needsPorts = hasAddress(service) && spec.clusterIP !== HEADLESS
  return [
    ...oneOf(TYPES, spec.type, 'spec.type'),
    ...(needsPorts && ports.length === 0 ? [required('spec.ports')] : []),
    ...ports.flatMap((port, i) => validateServicePort(port, `spec.ports[${i}]`, ports.length > 1)),
    ...ports.flatMap((port, i) => repeated(ports, port, i)),
    ...checkLabels(spec.selector, 'spec.selector'),
    ...(spec.type === 'ExternalName' && !(spec as { externalName?: string }).externalName
      ? [required('spec.externalName')]
      : []),
  ]
}

function validateServicePort(port: ServicePort, field: string, needsName: boolean): Errors {
  return [
    ...(port.name ? checkName(dnsLabel, `${field}.name`, port.name) : needsName ? [required(`${field}.name`)] : []),
    ...validatePort(port.port, `${field}.port`),
    ...(typeof port.targetPort === 'number' ? validatePort(port.targetPort, `${field}.targetPort`) : []),
    ...oneOf(PROTOCOLS, port.protocol, `${field}.protocol`),
  ]
}

function repeated(ports: readonly ServicePort[], port: ServicePort, i: number): Errors {
  const before = ports.slice(0, i)
  return [
    ...(port.name && before.some(other => other.name === port.name)
      ? [duplicate(`spec.ports[${i}].name`, port.name)]
      : []),
    ...(before.some(other => other.port === port.port && other.protocol === port.protocol)
      ? [duplicate(`spec.ports[${i}]`, { protocol: port.protocol, port: port.port })]
      : []),
  ]
}

function validateServiceUpdate({ spec }: Service, { spec: old }: Service): Errors {
  const isKept = !old.clusterIP || spec.type === 'ExternalName' || spec.clusterIP === old.clusterIP
  return isKept ? [] : [invalid('spec.clusterIPs[0]', [spec.clusterIP ?? ''], 'may not change once set')]
}
