/** Ingresses and their classes, network policies, endpoint slices, addresses: rules of pkg/apis/networking and pkg/apis/discovery. */

import { isRecord, isSame } from '../../kube/equal.ts'
import type { LabelSelector, UnknownObject } from '../../kube/object.ts'
import { denied, duplicate, invalid, notSupported, required } from '../resource/field-error.ts'
import type { Strategy } from '../resource/resource.ts'
import { type Fields, fieldsOf, listOf } from './fields.ts'
import { checkName, dnsLabel, dnsSubdomain } from './names.ts'
import { validateSelector } from './selector-validation.ts'
import type { Errors } from './small-rules.ts'

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')

/** Upstream's newer checks of what may not change name no value. */
export const frozen = (field: string, now: unknown, before: unknown): Errors =>
  isSame(now, before) ? [] : [invalid(field, null, 'field is immutable')]

const PATH_TYPES = ['Exact', 'ImplementationSpecific', 'Prefix']

function checkBackend(backend: Fields, field: string): Errors {
  const { service, resource } = backend
  if (!service && !resource) return [invalid(field, '', 'resource or service backend is required')]
  if (service && resource) return [invalid(field, '', 'cannot set both resource and service backends')]
  if (!isRecord(service)) return []
  const { number, name: portName } = fieldsOf(service.port)
  const name = textOf(service.name)
  return [
    ...(name === '' ? [required(`${field}.service.name`)] : checkName(dnsLabel, `${field}.service.name`, name)),
    ...(number || portName ? [] : [required(field, 'port name or number is required')]),
    ...(number && portName ? [invalid(field, '', 'cannot set both port name & port number')] : []),
    ...(typeof number === 'number' && number !== 0 && (number < 1 || number > 65535)
      ? [invalid(`${field}.service.port.number`, number, 'must be between 1 and 65535, inclusive')]
      : []),
  ]
}

function checkPath(path: Fields, field: string): Errors {
  const type = textOf(path.pathType)
  const text = textOf(path.path)
  const types =
    type === ''
      ? [required(`${field}.pathType`, 'pathType must be specified')]
      : PATH_TYPES.includes(type)
        ? []
        : [notSupported(`${field}.pathType`, type, PATH_TYPES)]
  const needsSlash = (type === 'Exact' || type === 'Prefix' || text !== '') && !text.startsWith('/')
  return [
    ...types,
    ...(types.length === 0 && needsSlash ? [invalid(`${field}.path`, text, 'must be an absolute path')] : []),
    ...checkBackend(fieldsOf(path.backend), `${field}.backend`),
  ]
}

function checkHost(host: string, field: string): Errors {
  if (host === '') return []
  if (/^\d{1,3}(\.\d{1,3}){3}$/.test(host)) return [invalid(field, host, 'must be a DNS name, not an IP address')]
  return host.startsWith('*.') ? checkName(dnsSubdomain, field, host.slice(2)) : checkName(dnsSubdomain, field, host)
}

function validateIngress({ spec }: UnknownObject): Errors {
  const { defaultBackend, rules, ingressClassName } = fieldsOf(spec)
  if (!defaultBackend && listOf(rules).length === 0)
    return [invalid('spec', null, 'either `defaultBackend` or `rules` must be specified')]
  return [
    ...listOf(rules).flatMap((rule, i) => {
      const field = `spec.rules[${i}]`
      const paths = isRecord(rule.http) ? listOf(rule.http.paths) : undefined
      return [
        ...checkHost(textOf(rule.host), `${field}.host`),
        ...(paths?.length === 0 ? [required(`${field}.http.paths`)] : []),
        ...(paths ?? []).flatMap((path, j) => checkPath(path, `${field}.http.paths[${j}]`)),
      ]
    }),
    ...(defaultBackend ? checkBackend(fieldsOf(defaultBackend), 'spec.defaultBackend') : []),
    ...(typeof ingressClassName === 'string' ? checkName(dnsSubdomain, 'spec.ingressClassName', ingressClassName) : []),
  ]
}

export const INGRESS: Strategy = { hasGeneration: true, validate: validateIngress }

export const INGRESS_CLASS: Strategy = {
  hasGeneration: true,
  validate: ({ spec }) => {
    const controller = textOf(fieldsOf(spec).controller)
    if (controller === '') return [required('spec.controller')]
    return /^[a-z0-9.-]+\/.+/.test(controller)
      ? []
      : [invalid('spec.controller', controller, 'must be a domain-prefixed path (such as "acme.io/foo")')]
  },
  validateUpdate: ({ spec }, old) => {
    const [now, before] = [fieldsOf(spec).controller, fieldsOf(old.spec).controller]
    return now === before ? [] : [invalid('spec.controller', now, 'field is immutable')]
  },
}

const PROTOCOLS = ['TCP', 'UDP', 'SCTP']

function checkPolicyPort({ protocol, port }: Fields, field: string): Errors {
  return [
    ...(protocol === undefined || PROTOCOLS.includes(String(protocol))
      ? []
      : [notSupported(`${field}.protocol`, protocol, PROTOCOLS)]),
    ...(typeof port === 'number' && (port < 1 || port > 65535)
      ? [invalid(`${field}.port`, port, 'must be between 1 and 65535, inclusive')]
      : []),
  ]
}

const CIDR = /^(\d{1,3}(\.\d{1,3}){3}\/\d{1,2}|[0-9a-fA-F:]+\/\d{1,3})$/

function checkPeer(peer: Fields, field: string): Errors {
  const { ipBlock, podSelector, namespaceSelector } = peer
  const selectors = Object.entries({ podSelector, namespaceSelector }).flatMap(([name, selector]) =>
    isRecord(selector) ? validateSelector(selector as unknown as LabelSelector, `${field}.${name}`) : [],
  )
  const cidr = textOf(fieldsOf(ipBlock).cidr)
  const block = !isRecord(ipBlock)
    ? []
    : cidr === ''
      ? [required(`${field}.ipBlock.cidr`)]
      : CIDR.test(cidr)
        ? []
        : [invalid(`${field}.ipBlock.cidr`, cidr, 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)')]
  const isNothing = !ipBlock && !podSelector && !namespaceSelector
  return [
    ...selectors,
    ...block,
    ...(isNothing ? [required(field, 'must specify a peer')] : []),
    ...(ipBlock && (podSelector || namespaceSelector)
      ? [denied(field, 'may not specify both ipBlock and another peer')]
      : []),
  ]
}

function validatePolicy({ spec }: UnknownObject): Errors {
  const { podSelector, ingress, egress, policyTypes } = fieldsOf(spec)
  const rules = (all: unknown, name: string, peers: string): Errors =>
    listOf(all).flatMap((rule, i) => [
      ...listOf(rule.ports).flatMap((port, j) => checkPolicyPort(port, `spec.${name}[${i}].ports[${j}]`)),
      ...listOf(rule[peers]).flatMap((peer, j) => checkPeer(peer, `spec.${name}[${i}].${peers}[${j}]`)),
    ])
  return [
    ...validateSelector(fieldsOf(podSelector) as unknown as LabelSelector, 'spec.podSelector'),
    ...rules(ingress, 'ingress', 'from'),
    ...rules(egress, 'egress', 'to'),
    ...((policyTypes as readonly string[] | undefined) ?? []).flatMap((type, i) =>
      ['Ingress', 'Egress'].includes(type) ? [] : [notSupported(`spec.policyTypes[${i}]`, type, ['Ingress', 'Egress'])],
    ),
  ]
}

export const NETWORK_POLICY: Strategy = { hasGeneration: true, validate: validatePolicy }

const SLICE_PROTOCOLS = ['SCTP', 'TCP', 'UDP']
const ADDRESS = 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'
const ADDRESS_TYPES = ['FQDN', 'IPv4', 'IPv6']

export const ENDPOINT_SLICE: Strategy = {
  hasGeneration: true,
  validate: ({ addressType, endpoints, ports }) => [
    ...listOf(ports).flatMap(({ protocol }, i) =>
      protocol === undefined || SLICE_PROTOCOLS.includes(String(protocol))
        ? []
        : [notSupported(`ports[${i}].protocol`, protocol, SLICE_PROTOCOLS)],
    ),
    ...(addressType
      ? ADDRESS_TYPES.includes(String(addressType))
        ? []
        : [notSupported('addressType', addressType, ADDRESS_TYPES)]
      : [required('addressType')]),
    ...listOf(endpoints).flatMap((endpoint, i) =>
      listOf(endpoint.addresses).length > 0 ? [] : [required(`endpoints[${i}].addresses`)],
    ),
    ...(addressType === 'FQDN' ? [] : listOf(endpoints)).flatMap((endpoint, i) =>
      ((endpoint.addresses as readonly string[] | undefined) ?? []).flatMap((ip, j) =>
        IP.test(ip) ? [] : [invalid(`endpoints[${i}].addresses[${j}]`, ip, ADDRESS)],
      ),
    ),
    ...repeatedPorts(listOf(ports)),
  ],
  validateUpdate: (next, old) => frozen('addressType', next.addressType, old.addressType),
}

const repeatedPorts = (ports: readonly Fields[]): Errors =>
  ports.flatMap((port, i) =>
    ports.slice(0, i).some(before => before.name === port.name) ? [duplicate(`ports[${i}].name`, port.name)] : [],
  )

const IP = /^(\d{1,3}(\.\d{1,3}){3}|[0-9a-fA-F:]*:[0-9a-fA-F:.]*)$/

export const ENDPOINTS: Strategy = {
  validate: ({ subsets }) =>
    listOf(subsets).flatMap((subset, i) => {
      const all = [...listOf(subset.addresses), ...listOf(subset.notReadyAddresses)]
      if (all.length === 0) return [required(`subsets[${i}]`, 'must specify `addresses` or `notReadyAddresses`')]
      return [
        ...listOf(subset.addresses).flatMap(({ ip }, j) => checkIp(textOf(ip), `subsets[${i}].addresses[${j}].ip`)),
        ...listOf(subset.ports).flatMap(({ port }, j) =>
          typeof port === 'number' && port >= 1 && port <= 65535
            ? []
            : [invalid(`subsets[${i}].ports[${j}].port`, port, 'must be between 1 and 65535, inclusive')],
        ),
      ]
    }),
}

/** Two checks of upstream's say the same of what is no address. */
const checkIp = (ip: string, field: string): Errors =>
  IP.test(ip) ? [] : [invalid(field, ip, ADDRESS), invalid(field, ip, 'must be a valid IP address')]
