/** What a container may hold, in upstream's order (pkg/apis/core/validation, validateContainerCommon and what follows it). */
import type { EnvVar, ResourceList, VolumeMount } from '../../kube/core.ts'
import { compareQuantities, parseQuantity } from '../../kube/quantity.ts'
import { absent, denied, duplicate, type FieldError, invalid, notSupported, required } from '../resource/field-error.ts'
import { checkName, configKey, dnsLabel, envVarName, qualifiedName } from './names.ts'
import type { ContainerFields, ContainerPort, ContainerSecurity, Handler, Probe } from './pod-fields.ts'
import {
  checkPortName,
  checkPortOrName,
  type Errors,
  MAX_INT32,
  notNegative,
  oneOf,
  validatePort,
  when,
  within,
} from './small-rules.ts'

/** Without an image is legal here: the embedded cluster runs commands of this machine (docs/decisions). */
export function validateContainer(container: ContainerFields, field: string, volumes: ReadonlySet<string>): Errors {
  const { name, image = '', volumeMounts: mounts = [] } = container
  return [
    ...(name ? checkName(dnsLabel, `${field}.name`, name) : [required(`${field}.name`)]),
    ...when(image !== image.trim(), invalid(`${field}.image`, image, 'must not have leading or trailing whitespace')),
    ...oneOf(
      ['File', 'FallbackToLogsOnError'],
      container.terminationMessagePolicy,
      `${field}.terminationMessagePolicy`,
    ),
    ...validatePorts(container.ports ?? [], `${field}.ports`),
    ...(container.env ?? []).flatMap((variable, i) => validateEnv(variable, `${field}.env[${i}]`)),
    ...(container.envFrom ?? []).flatMap((source, i) => validateEnvFrom(source, `${field}.envFrom`, i)),
    ...mounts.flatMap((mount, i) => validateMount(mount, `${field}.volumeMounts`, i, volumes)),
    ...mounts.flatMap(({ mountPath }, i) =>
      mountPath && mounts.findIndex(other => other.mountPath === mountPath) !== i
        ? [invalid(`${field}.volumeMounts[${i}].mountPath`, mountPath, 'must be unique')]
        : [],
    ),
    ...oneOf(['Always', 'IfNotPresent', 'Never'], container.imagePullPolicy, `${field}.imagePullPolicy`),
    ...validateResources(container, `${field}.resources`),
    ...validateSecurity(container.securityContext, `${field}.securityContext`),
  ]
}

function validatePorts(ports: readonly ContainerPort[], field: string): Errors {
  return ports.flatMap(({ name, containerPort, hostPort, protocol }, i) => {
    const at = `${field}[${i}]`
    const badName = name ? checkPortName(name, `${at}.name`) : []
    const isTaken = name && badName.length === 0 && ports.slice(0, i).some(other => other.name === name)
    return [
      ...badName,
      ...when(isTaken, duplicate(`${at}.name`, name)),
      ...(containerPort ? validatePort(containerPort, `${at}.containerPort`) : [required(`${at}.containerPort`)]),
      ...(hostPort ? validatePort(hostPort, `${at}.hostPort`) : []),
      ...oneOf(['SCTP', 'TCP', 'UDP'], protocol, `${at}.protocol`),
    ]
  })
}

const isOutside = (path: string): boolean => path.split('/').includes('..')

function validateMount(mount: VolumeMount, list: string, i: number, volumes: ReadonlySet<string>): Errors {
  const { name, mountPath, subPath = '' } = mount as VolumeMount & { readonly subPath?: string }
  const field = `${list}[${i}]`
  return [
    ...when(!name, required(`${field}.name`)),
    ...when(!volumes.has(name), absent(`${field}.name`, name ?? '')),
    ...when(!mountPath, required(`${field}.mountPath`)),
    // Upstream leaves the index out here.
    ...when(subPath.startsWith('/'), invalid(`${list}.subPath`, subPath, 'must be a relative path')),
    ...when(isOutside(subPath), invalid(`${list}.subPath`, subPath, "must not contain '..'")),
  ]
}

const SOURCES = ['fieldRef', 'resourceFieldRef', 'configMapKeyRef', 'secretKeyRef', 'fileKeyRef']
const FIELDS =
  /^(metadata\.(name|namespace|uid)|metadata\.(labels|annotations)\['.+'\]|spec\.(nodeName|serviceAccountName)|status\.(hostIPs?|podIPs?))$/
const RESOURCES = ['limits', 'requests'].flatMap(list =>
  ['cpu', 'ephemeral-storage', 'memory'].map(resource => `${list}.${resource}`),
)

function validateEnv({ name, value, valueFrom }: EnvVar, field: string): Errors {
  const errors = name ? checkName(envVarName, `${field}.name`, name) : [required(`${field}.name`)]
  if (!valueFrom) return errors
  const from = `${field}.valueFrom`
  const given = SOURCES.filter(source => source in valueFrom)
  const path = valueFrom.fieldRef?.fieldPath
  const resource = valueFrom.resourceFieldRef?.resource
  return [
    ...errors,
    ...when(
      path !== undefined && !FIELDS.test(path),
      invalid(`${from}.fieldRef.fieldPath`, path, `error converting fieldPath: field label not supported: ${path}`),
    ),
    ...when(
      resource !== undefined && !RESOURCES.includes(resource) && !/\.hugepages-/.test(resource),
      notSupported(`${from}.resourceFieldRef.resource`, resource, RESOURCES),
    ),
    ...(['configMapKeyRef', 'secretKeyRef'] as const).flatMap(source => {
      const key = valueFrom[source]?.key
      if (valueFrom[source] === undefined) return []
      return key ? checkName(configKey, `${from}.${source}.key`, key) : [required(`${from}.${source}.key`)]
    }),
    ...when(value, invalid(from, '', 'may not be specified when `value` is not empty')),
    ...when(
      given.length === 0,
      invalid(
        from,
        '',
        'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`',
      ),
    ),
    ...when(given.length > 1, invalid(from, '', 'may not have more than one field specified at a time')),
  ]
}

interface EnvFrom {
  readonly configMapRef?: { readonly name?: string }
  readonly secretRef?: { readonly name?: string }
}

function validateEnvFrom({ configMapRef, secretRef }: EnvFrom, list: string, i: number): Errors {
  return [
    ...when(configMapRef && !configMapRef.name, required(`${list}[${i}].configMapRef.name`)),
    ...when(secretRef && !secretRef.name, required(`${list}[${i}].secretRef.name`)),
    ...when(!configMapRef && !secretRef, invalid(list, '', 'must specify one of: `configMapRef` or `secretRef`')),
    ...when(configMapRef && secretRef, invalid(list, '', 'may not have more than one field specified at a time')),
  ]
}

const QUANTITY = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
const isStandard = (name: string): boolean => /^(cpu|memory|ephemeral-storage|hugepages-.+)$/.test(name)
const isExtended = (name: string): boolean => name.includes('/') && !name.includes('kubernetes.io/')

function checkResourceName(name: string, field: string): Errors {
  const wrong = checkName(qualifiedName, field, name)
  if (wrong.length > 0 || name.includes('/') || isStandard(name)) return wrong
  return [
    invalid(field, name, 'must be a standard resource type or fully qualified'),
    invalid(field, name, 'must be a standard resource for containers'),
  ]
}

export function validateQuantities(list: ResourceList, field: string): Errors {
  return Object.entries(list).flatMap(([name, text]) => {
    const at = `${field}[${name}]`
    return [...checkName(qualifiedName, at, name), ...checkAmount(name, text, at)]
  })
}

function checkAmount(name: string, text: string, at: string): Errors {
  const quantity = parseQuantity(text)
  if (quantity === undefined) return [invalid(at, text, QUANTITY)]
  if (quantity.nanos < 0n) return [invalid(at, text, 'must be greater than or equal to 0')]
  return when(isExtended(name) && quantity.nanos % 1_000_000_000n !== 0n, invalid(at, text, 'must be an integer'))
}

function validateResources({ resources = {} }: ContainerFields, field: string): Errors {
  const { requests = {}, limits = {} } = resources
  const checked = (list: ResourceList, at: string): FieldError[] =>
    Object.entries(list).flatMap(([name, text]) => [
      ...checkResourceName(name, `${at}[${name}]`),
      ...checkAmount(name, text, `${at}[${name}]`),
    ])
  const errors = [...checked(limits, `${field}.limits`), ...checked(requests, `${field}.requests`)]
  if (errors.length > 0) return errors
  return Object.entries(requests).flatMap(([name, request]) => {
    const limit = limits[name]
    if (limit === undefined) {
      return when(isExtended(name), required(`${field}.limits`, 'Limit must be set for non overcommitable resources'))
    }
    const [asked, most] = [parseQuantity(request), parseQuantity(limit)]
    if (asked === undefined || most === undefined) return []
    const order = compareQuantities(asked, most)
    if (isExtended(name) && order !== 0)
      return [invalid(`${field}.requests`, request, `must be equal to ${name} limit of ${limit}`)]
    return when(
      order > 0,
      invalid(`${field}.requests`, request, `must be less than or equal to ${name} limit of ${limit}`),
    )
  })
}

/** As Go prints a core.SecurityContext. */
const printed = ({ privileged = null, allowPrivilegeEscalation = null, runAsUser = null }: Nullable) => ({
  Capabilities: null,
  Privileged: privileged,
  SELinuxOptions: null,
  WindowsOptions: null,
  RunAsUser: runAsUser,
  RunAsGroup: null,
  RunAsNonRoot: null,
  ReadOnlyRootFilesystem: null,
  AllowPrivilegeEscalation: allowPrivilegeEscalation,
  ProcMount: null,
  SeccompProfile: null,
  AppArmorProfile: null,
})
type Nullable = { readonly [K in keyof ContainerSecurity]?: ContainerSecurity[K] | null }

export function validateSecurity(context: ContainerSecurity | undefined, field: string): Errors {
  if (!context) return []
  return [
    ...within(context.runAsUser, 0, MAX_INT32, `${field}.runAsUser`),
    ...within(context.runAsGroup, 0, MAX_INT32, `${field}.runAsGroup`),
    ...when(
      context.privileged && context.allowPrivilegeEscalation === false,
      invalid(field, printed(context), 'cannot set `allowPrivilegeEscalation` to false and `privileged` to true'),
    ),
  ]
}

/** What has been tried of a handler's kinds, one after another: a second one is too many. */
export function validateHandler(handler: Handler, field: string): Errors {
  const { exec, httpGet, tcpSocket, grpc, sleep } = handler
  const kinds = { exec, httpGet, tcpSocket, grpc, sleep }
  const given = Object.entries(kinds).filter(([, kind]) => kind !== undefined)
  if (given.length === 0) return [required(field, 'must specify a handler type')]
  return given.flatMap(([name], i) => {
    const at = `${field}.${name}`
    if (i > 0) return [denied(at, 'may not specify more than 1 handler type')]
    switch (name) {
      case 'exec':
        return when(!exec?.command?.length, required(`${at}.command`))
      case 'httpGet':
        return [
          ...when(!httpGet?.path, required(`${at}.path`)),
          ...checkPortOrName(httpGet?.port, `${at}.port`),
          ...oneOf(['HTTP', 'HTTPS'], httpGet?.scheme, `${at}.scheme`),
        ]
      case 'tcpSocket':
        return checkPortOrName(tcpSocket?.port, `${at}.port`)
      default:
        return name === 'grpc' ? validatePort(grpc?.port ?? 0, `${at}.port`) : []
    }
  })
}

export function validateProbe(probe: Probe | undefined, field: string, isReadiness = false): Errors {
  if (!probe) return []
  const numbers = ['initialDelaySeconds', 'timeoutSeconds', 'periodSeconds', 'successThreshold', 'failureThreshold']
  return [
    ...validateHandler(probe, field),
    ...numbers.flatMap(name => notNegative(probe[name as 'timeoutSeconds'], `${field}.${name}`)),
    ...when(
      !isReadiness && (probe.successThreshold ?? 1) !== 1,
      invalid(`${field}.successThreshold`, probe.successThreshold, 'must be 1'),
    ),
  ]
}
