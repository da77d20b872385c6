/** What a pod's spec may hold, with upstream's fields and words (pkg/apis/core/validation). Used for Pods and for templates. */
import type { Container, EnvVar, Pod, PodSpec, PodTemplateSpec, ResourceList, VolumeMount } from '../../kube/core.ts'
import { isSame } from '../../kube/equal.ts'
import { compareQuantities, parseQuantity } from '../../kube/quantity.ts'
import { absent, denied, duplicate, type FieldError, invalid, notSupported, required } from '../resource/field-error.ts'
import { without } from '../resource/json.ts'
import { checkAnnotations, checkLabels, checkName, configKey, dnsLabel, envVarName, qualifiedName } from './names.ts'

type Errors = readonly FieldError[]

const RESTART_POLICIES = ['Always', 'OnFailure', 'Never']

export function validatePodSpec(spec: PodSpec | undefined, field: string): Errors {
  if (!spec) return [required(field)]
  const volumes = new Set((spec.volumes ?? []).map(volume => volume.name))
  const containers = spec.containers ?? []
  const inits = spec.initContainers ?? []
  return [
    ...(containers.length === 0 ? [required(`${field}.containers`)] : []),
    ...containers.flatMap((c, i) => validateContainer(c, `${field}.containers[${i}]`, volumes)),
    ...inits.flatMap((c, i) => validateContainer(c, `${field}.initContainers[${i}]`, volumes)),
    ...duplicates([...inits, ...containers], `${field}.containers`),
    ...validateVolumes(spec, `${field}.volumes`),
    ...oneOf(RESTART_POLICIES, spec.restartPolicy, `${field}.restartPolicy`),
    ...notNegative(spec.terminationGracePeriodSeconds, `${field}.terminationGracePeriodSeconds`),
    ...positive(spec.activeDeadlineSeconds, `${field}.activeDeadlineSeconds`),
    ...(spec.hostname ? checkName(dnsLabel, `${field}.hostname`, spec.hostname) : []),
    ...(spec.subdomain ? checkName(dnsLabel, `${field}.subdomain`, spec.subdomain) : []),
    ...checkLabels(spec.nodeSelector, `${field}.nodeSelector`),
  ]
}

export const validateTemplate = (template: PodTemplateSpec | undefined, field: string): Errors =>
  template
    ? [
        ...checkLabels(template.metadata?.labels, `${field}.labels`),
        ...checkAnnotations(template.metadata?.annotations, `${field}.annotations`),
        ...validatePodSpec(template.spec, `${field}.spec`),
      ]
    : [required(field)]

export const oneOf = (supported: readonly string[], value: string | undefined, field: string): Errors =>
  value === undefined || supported.includes(value) ? [] : [notSupported(field, value, supported)]

export const notNegative = (value: number | undefined, field: string): Errors =>
  value === undefined || value >= 0 ? [] : [invalid(field, value, 'must be greater than or equal to 0')]

const positive = (value: number | undefined, field: string): Errors =>
  value === undefined || value > 0 ? [] : [invalid(field, value, 'must be greater than 0')]

const duplicates = (items: readonly { readonly name: string }[], field: string): Errors =>
  items.flatMap((item, i) =>
    item.name && items.findIndex(other => other.name === item.name) !== i
      ? [duplicate(`${field}[${i}].name`, item.name)]
      : [],
  )

/** Without an image is legal here: the embedded cluster runs commands of this machine (docs/decisions). */
function validateContainer(container: Container, field: string, volumes: ReadonlySet<string>): Errors {
  const mounts = container.volumeMounts ?? []
  return [
    ...(container.name ? checkName(dnsLabel, `${field}.name`, container.name) : [required(`${field}.name`)]),
    ...(container.env ?? []).flatMap((variable, i) => validateEnv(variable, `${field}.env[${i}]`)),
    ...(container.ports ?? []).flatMap(({ containerPort }, i) =>
      validatePort(containerPort, `${field}.ports[${i}].containerPort`),
    ),
    ...mounts.flatMap((mount, i) => validateMount(mount, `${field}.volumeMounts[${i}]`, volumes)),
    ...mounts.flatMap(({ mountPath }, i) =>
      mountPath && mounts.findIndex(other => other.mountPath === mountPath) !== i
        ? [invalid(`${field}.volumeMounts[${i}].mountPath`, mountPath, 'must be unique')]
        : [],
    ),
    ...validateResources(container, `${field}.resources`),
  ]
}

export const validatePort = (port: unknown, field: string): Errors =>
  port === undefined
    ? [required(field)]
    : typeof port === 'number' && Number.isInteger(port) && port >= 1 && port <= 65535
      ? []
      : [invalid(field, port, 'must be between 1 and 65535, inclusive')]

function validateMount({ name, mountPath }: VolumeMount, field: string, volumes: ReadonlySet<string>): Errors {
  return [
    ...(name ? (volumes.has(name) ? [] : [absent(`${field}.name`, name)]) : [required(`${field}.name`)]),
    ...(mountPath ? [] : [required(`${field}.mountPath`)]),
  ]
}

const SOURCES = ['fieldRef', 'resourceFieldRef', 'configMapKeyRef', 'secretKeyRef', 'fileKeyRef']

function validateEnv({ name, value, valueFrom }: EnvVar, field: string): Errors {
  const errors = name ? checkName(envVarName, `${field}.name`, name) : [required(`${field}.name`)]
  if (!valueFrom) return errors
  const given = SOURCES.filter(source => source in valueFrom)
  const keys = [valueFrom.configMapKeyRef?.key, valueFrom.secretKeyRef?.key].filter(key => key !== undefined)
  return [
    ...errors,
    ...(value ? [invalid(`${field}.valueFrom`, '', 'may not be specified when `value` is not empty')] : []),
    ...(given.length === 1
      ? []
      : [
          invalid(
            `${field}.valueFrom`,
            '',
            given.length === 0
              ? 'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`'
              : 'may not have more than one field specified at a time',
          ),
        ]),
    ...keys.flatMap(key => checkName(configKey, `${field}.valueFrom`, key)),
  ]
}

const QUANTITY = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"

function validateResources({ resources = {} }: Container, field: string): Errors {
  const { requests = {}, limits = {} } = resources
  const errors = [
    ...validateQuantities(requests, `${field}.requests`),
    ...validateQuantities(limits, `${field}.limits`),
  ]
  if (errors.length > 0) return errors
  return Object.entries(requests).flatMap(([name, request]) => {
    const limit = limits[name]
    if (limit === undefined || compareQuantities(parseQuantity(request)!, parseQuantity(limit)!) <= 0) return []
    return [invalid(`${field}.requests`, request, `must be less than or equal to ${name} limit of ${limit}`)]
  })
}

export function validateQuantities(list: ResourceList, field: string): Errors {
  return Object.entries(list).flatMap(([name, text]) => {
    const quantity = parseQuantity(text)
    return [
      ...checkName(qualifiedName, `${field}.${name}`, name),
      ...(quantity === undefined
        ? [invalid(`${field}.${name}`, text, QUANTITY)]
        : quantity.nanos < 0n
          ? [invalid(`${field}.${name}`, text, 'must be greater than or equal to 0')]
          : []),
    ]
  })
}

function validateVolumes({ volumes = [] }: PodSpec, field: string): Errors {
  return [
    ...volumes.flatMap((volume, i) => {
      const at = `${field}[${i}]`
      const sources = Object.keys(volume).filter(key => key !== 'name')
      return [
        ...(volume.name ? checkName(dnsLabel, `${at}.name`, volume.name) : [required(`${at}.name`)]),
        ...sources.slice(1).map(source => denied(`${at}.${source}`, 'may not specify more than 1 volume type')),
        ...(volume.configMap && !volume.configMap.name ? [required(`${at}.configMap.name`)] : []),
        ...(volume.secret && !volume.secret.secretName ? [required(`${at}.secret.secretName`)] : []),
        ...(volume.hostPath && !volume.hostPath.path ? [required(`${at}.hostPath.path`)] : []),
      ]
    }),
    ...duplicates(volumes, field),
  ]
}

const MUTABLE =
  'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)'

export function validatePodUpdate(pod: Pod, old: Pod): Errors {
  return isSame(frozenPart(pod.spec), frozenPart(old.spec)) ? [] : [denied('spec', MUTABLE)]
}

/** A pod's spec without what may change. */
function frozenPart(spec: PodSpec): object {
  const withoutImage = (container: Container) => without(container, ['image'])
  return {
    ...without(spec, ['activeDeadlineSeconds', 'tolerations']),
    containers: spec.containers.map(withoutImage),
    initContainers: (spec.initContainers ?? []).map(withoutImage),
  }
}
