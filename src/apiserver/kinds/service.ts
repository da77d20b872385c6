/** Services: an address and node ports out of their ranges, ports, and what may not change (pkg/apis/core, pkg/registry/core/service). */
import { randomInt } from 'node:crypto'
import { isIP } from 'node:net'
import type { Service, ServicePort } from '../../kube/core.ts'
import { isApiError } from '../../kube/status.ts'
import {
  denied,
  duplicate,
  type FieldError,
  invalid,
  invalidObject,
  notSupported,
  required,
} from '../resource/field-error.ts'
import { without } from '../resource/json.ts'
import type { AdmitContext, Strategy } from '../resource/resource.ts'
import { checkLabels, checkName, dnsLabel, dnsSubdomain } from './names.ts'
import { checkAddress, checkPortName, type Errors, oneOf, validatePort, when } from './small-rules.ts'

const HEADLESS = 'None'

/** A name in DNS of one part. */
const serviceName = (name: string): string | undefined =>
  name.includes('.') ? 'must not contain dots' : dnsLabel(name)

export const SERVICE: Strategy<Service> = {
  nameRule: serviceName,
  admit: (service, context) => withNodePorts(withAddress(service, context), context),
  prepareUpdate: (service, old) => withoutAddress(keepAddress(service, old)),
  admitUpdate: (service, context) =>
    withNodePorts(service.spec?.clusterIP ? service : withAddress(service, context), context),
  default: serviceDefaults,
  validate: validateService,
  validateUpdate: validateServiceUpdate,
  validateStatus: ({ spec, ...service }) => {
    const { status = {} } = service as { readonly status?: object }
    const { loadBalancer } = status as { readonly loadBalancer?: { readonly ingress?: readonly unknown[] } }
    return when(
      spec?.type !== 'LoadBalancer' && loadBalancer?.ingress?.length,
      denied('status.loadBalancer.ingress', "may only be used when `spec.type` is 'LoadBalancer'"),
    )
  },
}

type Fields = NonNullable<Service['spec']> & {
  readonly externalName?: string
  readonly sessionAffinity?: string
  readonly sessionAffinityConfig?: object
  readonly externalTrafficPolicy?: string
  readonly externalIPs?: readonly string[]
  readonly loadBalancerSourceRanges?: readonly string[]
  readonly allocateLoadBalancerNodePorts?: boolean
  readonly ipFamilies?: readonly string[]
  readonly ipFamilyPolicy?: string
}
type Port = ServicePort & { readonly nodePort?: number }

const hasAddress = ({ spec }: Service): boolean => spec?.type !== 'ExternalName'
const isHeadless = ({ spec }: Service): boolean => hasAddress({ spec } as Service) && spec?.clusterIP === HEADLESS
const isExternal = ({ type }: Fields): boolean => type === 'NodePort' || type === 'LoadBalancer'

function withAddress(service: Service, { allocateServiceIp }: Pick<AdmitContext, 'allocateServiceIp'>): Service {
  const { spec } = service
  if (!spec || !hasAddress(service)) return service
  const wanted = spec.clusterIP || spec.clusterIPs?.[0]
  // What is no address is validation's to refuse.
  const isGiven = wanted === HEADLESS || (wanted !== undefined && wanted !== '' && !isIP(wanted))
  const clusterIP = isGiven ? wanted : named(service, () => allocateServiceIp(wanted || undefined))
  return { ...service, spec: { ...spec, clusterIP, clusterIPs: [clusterIP] } }
}

/** Whoever hands out addresses does not know for whom: the refusal is told with the Service's name. */
function named({ metadata }: Service, allocate: () => string): string {
  try {
    return allocate()
  } catch (error) {
    const causes = isApiError(error, 'Invalid') ? error.status.details?.causes : undefined
    if (!causes) throw error
    throw invalidObject(
      { group: '', kind: 'Service' },
      metadata.name ?? '',
      causes.map(({ field = '', reason = '', message }) => ({ field, reason, body: message })),
    )
  }
}

/** kube-apiserver's --service-node-port-range. */
const NODE_PORTS = { first: 30_000, size: 2768 }

function withNodePorts(service: Service, { store }: Pick<AdmitContext, 'store'>): Service {
  const spec = service.spec as Fields | undefined
  if (!spec?.ports || !isExternal(spec) || spec.allocateLoadBalancerNodePorts === false) return service
  const others = store.list({ resource: 'services' }).items as unknown as readonly Service[]
  const used = new Set(others.flatMap(each => (each.spec?.ports ?? []).map(port => (port as Port).nodePort)))
  const free = (): number => {
    const start = randomInt(NODE_PORTS.size)
    for (let i = 0; i < NODE_PORTS.size; i++) {
      const port = NODE_PORTS.first + ((start + i) % NODE_PORTS.size)
      if (!used.has(port)) {
        used.add(port)
        return port
      }
    }
    return 0
  }
  const ports = spec.ports.map(port => ((port as Port).nodePort ? port : { ...port, nodePort: free() }))
  return { ...service, spec: { ...spec, ports } as Service['spec'] }
}

/** Whoever replaces a Service without its address or node ports means the same Service. */
function keepAddress(service: Service, { spec: old }: Service): Service {
  const { spec } = service
  if (!spec || !hasAddress(service)) return service
  const before = (old.ports ?? []) as readonly Port[]
  const ports = spec.ports?.map(port => {
    const same = before.find(each => each.port === port.port && each.protocol === (port.protocol ?? 'TCP'))
    if (isExternal(spec as Fields)) return same?.nodePort ? { nodePort: same.nodePort, ...port } : port
    // A Service that withdraws from the nodes leaves their ports.
    return isExternal(old as Fields) && same?.nodePort === (port as Port).nodePort
      ? without(port as Port, ['nodePort'])
      : port
  })
  const withdraws = isExternal(old as Fields) && !isExternal(spec as Fields)
  const open = withdraws ? (without(spec as Fields, ['externalTrafficPolicy']) as Service['spec']) : spec
  const kept = { ...open, ...(ports && { ports }) }
  if (spec.clusterIP || !old.clusterIP) return { ...service, spec: kept }
  return { ...service, spec: { ...kept, clusterIP: old.clusterIP, clusterIPs: old.clusterIPs ?? [old.clusterIP] } }
}

const ADDRESS_FIELDS = ['clusterIP', 'clusterIPs', 'ipFamilies', 'ipFamilyPolicy', 'internalTrafficPolicy']

/** A name elsewhere has no address here. */
function withoutAddress(service: Service): Service {
  if (!service.spec || hasAddress(service)) return service
  return { ...service, spec: without(service.spec, ADDRESS_FIELDS as (keyof Service['spec'])[]) as Service['spec'] }
}

function portDefaults(port: ServicePort): ServicePort {
  const { targetPort } = port
  return { protocol: 'TCP', ...port, targetPort: targetPort === 0 || !targetPort ? port.port : targetPort }
}

/** A headless Service without a selector may have addresses of either family. */
const DUAL = { ipFamilies: ['IPv4', 'IPv6'], ipFamilyPolicy: 'RequireDualStack' }
const SINGLE = { ipFamilies: ['IPv4'], ipFamilyPolicy: 'SingleStack' }
const AFFINITY = { clientIP: { timeoutSeconds: 10_800 } }

function serviceDefaults(service: Service): Service {
  const spec = service.spec as Fields | undefined
  if (!spec) return service
  const isOpen = isHeadless(service) && Object.keys(spec.selector ?? {}).length === 0
  const families = hasAddress(service) && { internalTrafficPolicy: 'Cluster', ...(isOpen ? DUAL : SINGLE) }
  const type = spec.type || 'ClusterIP'
  const { sessionAffinityConfig: affinity, ...rest } = spec
  return {
    ...service,
    spec: {
      ...{ sessionAffinity: 'None' },
      ...families,
      ...(isExternal(spec) && { externalTrafficPolicy: 'Cluster' }),
      ...(type === 'LoadBalancer' && { allocateLoadBalancerNodePorts: true }),
      ...rest,
      type,
      ...(spec.sessionAffinity === 'ClientIP' && { sessionAffinityConfig: affinity ?? AFFINITY }),
      ...(spec.ports && { ports: spec.ports.map(portDefaults) }),
    } as Service['spec'],
  }
}

const TYPES = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort']
const PROTOCOLS = ['SCTP', 'TCP', 'UDP']
const FAMILIES = ['IPv4', 'IPv6']

function validateService(service: Service, old?: Service): Errors {
  if (!service.spec) return [required('spec.ports')]
  const spec = service.spec as Fields
  const families = validateFamilies(service)
  if (old && families.length > 0) return families
  const ports = (spec.ports ?? []) as readonly Port[]
  const needsPorts = hasAddress(service) && !isHeadless(service)
  return [
    ...when(needsPorts && ports.length === 0, required('spec.ports')),
    ...ports.flatMap((port, i) => validateServicePort(port, `spec.ports[${i}]`, ports.length > 1)),
    ...checkLabels(spec.selector, 'spec.selector'),
    ...oneOf(['ClientIP', 'None'], spec.sessionAffinity, 'spec.sessionAffinity'),
    ...(spec.externalIPs ?? []).flatMap((address, i) => checkExternal(address, `spec.externalIPs[${i}]`)),
    ...oneOf(TYPES, spec.type, 'spec.type'),
    ...repeated(ports),
    ...ports.flatMap(({ nodePort }, i) =>
      when(
        nodePort && !isExternal(spec),
        denied(`spec.ports[${i}].nodePort`, "may not be used when `type` is 'ClusterIP'"),
      ),
    ),
    ...validateSources(spec),
    ...when(
      spec.externalTrafficPolicy && !isExternal(spec) && !spec.externalIPs?.length,
      invalid(
        'spec.externalTrafficPolicy',
        spec.externalTrafficPolicy,
        'may only be set for externally-accessible services',
      ),
    ),
    ...families,
    ...(hasAddress(service) && !isHeadless(service) ? checkAddress(spec.clusterIP, 'spec.clusterIPs[0]') : []),
    ...(spec.type === 'ExternalName'
      ? spec.externalName
        ? checkName(dnsSubdomain, 'spec.externalName', spec.externalName)
        : [required('spec.externalName')]
      : []),
  ]
}

function validateServicePort(port: ServicePort, field: string, needsName: boolean): Errors {
  const { targetPort } = port
  return [
    ...(port.name ? checkName(dnsLabel, `${field}.name`, port.name) : when(needsName, required(`${field}.name`))),
    ...validatePort(port.port, `${field}.port`),
    ...oneOf(PROTOCOLS, port.protocol, `${field}.protocol`),
    ...(typeof targetPort === 'string'
      ? checkPortName(targetPort, `${field}.targetPort`)
      : validatePort(targetPort ?? 0, `${field}.targetPort`)),
  ]
}

function checkExternal(address: string, field: string): Errors {
  const wrong = checkAddress(address, field)
  if (wrong.length > 0) return wrong
  return when(
    /^127\.|^::1$/.test(address),
    invalid(field, address, 'may not be in the loopback range (127.0.0.0/8, ::1/128)'),
  )
}

function validateSources({ loadBalancerSourceRanges: ranges = [], type }: Fields): Errors {
  const field = 'spec.LoadBalancerSourceRanges'
  const isRange = (text: string): boolean => isIP(text.split('/')[0] ?? '') !== 0 && text.includes('/')
  return [
    ...when(
      ranges.length > 0 && type !== 'LoadBalancer',
      denied(field, "may only be used when `type` is 'LoadBalancer'"),
    ),
    ...ranges.flatMap((range, i) =>
      when(
        !isRange(range),
        invalid(`${field}[${i}]`, range, 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)'),
      ),
    ),
  ]
}

/** The cluster has addresses of one family. */
function validateFamilies(service: Service): Errors {
  const { ipFamilies = [], ipFamilyPolicy, selector = {} } = service.spec as Fields
  if (isHeadless(service) && Object.keys(selector).length === 0) return []
  return [
    ...when(
      ipFamilyPolicy === 'RequireDualStack',
      invalid('spec.ipFamilyPolicy', ipFamilyPolicy, 'this cluster is not configured for dual-stack services'),
    ),
    ...ipFamilies.flatMap((family, i): readonly FieldError[] => [
      ...when(!FAMILIES.includes(family), notSupported(`spec.ipFamilies[${i}]`, family, FAMILIES)),
      ...when(family === 'IPv6', invalid(`spec.ipFamilies[${i}]`, family, 'not configured on this cluster')),
    ]),
  ]
}

/** As Go prints a core.ServicePort in the list of those that must differ. */
const printed = ({ protocol, port }: ServicePort) => ({
  Name: '',
  Protocol: protocol,
  AppProtocol: null,
  Port: port,
  TargetPort: 0,
  NodePort: 0,
})

/** A list may be as long as a body: what was seen is looked up. */
function repeated(ports: readonly ServicePort[]): Errors {
  const [names, numbers] = [new Set<string>(), new Set<string>()]
  return ports.flatMap((port, i) => {
    const number = `${port.port}/${port.protocol}`
    const errors = [
      ...when(port.name && names.has(port.name), duplicate(`spec.ports[${i}].name`, port.name)),
      ...when(numbers.has(number), duplicate(`spec.ports[${i}]`, printed(port))),
    ]
    if (port.name) names.add(port.name)
    numbers.add(number)
    return errors
  })
}

function validateServiceUpdate(service: Service, { spec: old }: Service): Errors {
  const { spec } = service
  if (validateFamilies(service).length > 0) return []
  const isKept = !old.clusterIP || spec.type === 'ExternalName' || spec.clusterIP === old.clusterIP
  return isKept ? [] : [invalid('spec.clusterIPs[0]', [spec.clusterIP ?? ''], 'may not change once set')]
}
