/**
 * What a pod's spec may hold, with upstream's fields and words and in its order (pkg/apis/core/validation, ValidatePodSpec). Used for
 * Pods and for templates.
 */
import type { PodSpec, PodTemplateSpec } from '../../kube/core.ts'
import { denied, duplicate, type FieldError, invalid, notSupported, required } from '../resource/field-error.ts'
import { validateContainer, validateHandler, validateProbe, validateSecurity } from './container-validation.ts'
import { checkAnnotations, checkLabels, checkName, dnsLabel, dnsSubdomain, qualifiedName } from './names.ts'
import type { ContainerFields, PodFields, VolumeFields } from './pod-fields.ts'
import { validateAffinity, validateSpread, validateToleration } from './scheduling-validation.ts'
import { checkAddress, type Errors, MAX_INT32, oneOf, when, within } from './small-rules.ts'

export { validateQuantities } from './container-validation.ts'
export { notNegative, oneOf, validatePort } from './small-rules.ts'

const RESTART_POLICIES = ['Always', 'OnFailure', 'Never']
const DNS_POLICIES = ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None']

export function validatePodSpec(given: PodSpec | undefined, field: string): Errors {
  if (!given) return [required(field)]
  const spec = given as PodFields
  const volumes = new Set((spec.volumes ?? []).map(volume => volume.name))
  const { schedulingGates = [], containers = [] } = spec
  return [
    ...validateVolumes(spec.volumes ?? [], `${field}.volumes`),
    ...when(containers.length === 0, required(`${field}.containers`)),
    ...containers.flatMap((c, i) => [
      ...validateContainer(c, `${field}.containers[${i}]`, volumes),
      ...repeatedName(containers, i, `${field}.containers`),
      ...validateLife(c, `${field}.containers[${i}]`),
    ]),
    ...hostPortConflicts(containers, `${field}.containers`),
    ...validateInits(spec, `${field}.initContainers`, volumes),
    ...validateEphemeral(spec, `${field}.ephemeralContainers`, volumes),
    ...when(spec.hostNetwork, ...unequalPorts(containers, `${field}.containers`)),
    ...oneOf(RESTART_POLICIES, spec.restartPolicy, `${field}.restartPolicy`),
    ...oneOf(DNS_POLICIES, spec.dnsPolicy, `${field}.dnsPolicy`),
    ...checkLabels(spec.nodeSelector, `${field}.nodeSelector`),
    ...validateSecurity(spec.securityContext, `${field}.securityContext`),
    ...(spec.securityContext?.sysctls ?? []).flatMap(({ name }, i) =>
      checkName(sysctlName, `${field}.securityContext.sysctls[${i}].name`, name),
    ),
    ...when(
      spec.shareProcessNamespace && spec.hostPID,
      invalid(`${field}.shareProcessNamespace`, true, 'ShareProcessNamespace and HostPID cannot both be enabled'),
    ),
    ...(spec.affinity ? validateAffinity(spec.affinity, `${field}.affinity`) : []),
    ...when(
      spec.dnsPolicy === 'None' && !spec.dnsConfig,
      required(`${field}.dnsConfig`, 'must provide `dnsConfig` when `dnsPolicy` is None'),
    ),
    ...(spec.dnsConfig?.nameservers ?? []).flatMap((each, i) =>
      checkAddress(each, `${field}.dnsConfig.nameservers[${i}]`),
    ),
    ...(spec.readinessGates ?? []).flatMap(({ conditionType }, i) =>
      checkName(qualifiedName, `${field}.readinessGates[${i}].conditionType`, conditionType),
    ),
    ...schedulingGates.flatMap(({ name }, i) => checkName(qualifiedName, `${field}.schedulingGates[${i}]`, name)),
    ...(spec.topologySpreadConstraints ?? []).flatMap((each, i) =>
      validateSpread(each, `${field}.topologySpreadConstraints[${i}]`),
    ),
    ...(spec.nodeName ? checkName(dnsSubdomain, `${field}.nodeName`, spec.nodeName) : []),
    ...within(spec.activeDeadlineSeconds, 1, MAX_INT32, `${field}.activeDeadlineSeconds`),
    ...(spec.hostname ? checkName(dnsLabel, `${field}.hostname`, spec.hostname) : []),
    ...(spec.subdomain ? checkName(dnsLabel, `${field}.subdomain`, spec.subdomain) : []),
    ...(spec.tolerations ?? []).flatMap((each, i) => validateToleration(each, `${field}.tolerations[${i}]`)),
    ...(spec.hostAliases ?? []).flatMap(({ ip, hostnames = [] }, i) => [
      ...checkAddress(ip, `${field}.hostAliases[${i}].ip`),
      ...hostnames.flatMap((host, k) => checkName(dnsSubdomain, `${field}.hostAliases[${i}].hostnames[${k}]`, host)),
    ]),
    ...when(spec.os && !SYSTEMS.includes(spec.os.name ?? ''), notSupported(`${field}.os`, spec.os?.name, SYSTEMS)),
  ]
}

const SYSTEMS = ['linux', 'windows']

/** What holds for a new Pod and not for a template. */
export function validatePodOnCreate({ spec }: { readonly spec?: PodSpec }): Errors {
  const { schedulingGates = [], ephemeralContainers = [], nodeName } = (spec ?? {}) as PodFields
  return [
    ...when(
      schedulingGates.length > 0 && nodeName,
      denied('spec.nodeName', 'cannot be set until all schedulingGates have been cleared'),
    ),
    ...when(ephemeralContainers.length > 0, denied('spec.ephemeralContainers', 'cannot be set on create')),
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

const SYSCTL = '^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$'
const sysctlName = (name: string): string | undefined =>
  name.length <= 253 && new RegExp(SYSCTL).test(name)
    ? undefined
    : `must have at most 253 characters and match regex ${SYSCTL}`

const repeatedName = (items: readonly { readonly name: string }[], i: number, field: string): Errors => {
  const name = items[i]?.name
  return when(name && items.findIndex(other => other.name === name) !== i, duplicate(`${field}[${i}].name`, name))
}

/** Hooks and probes. */
function validateLife({ lifecycle, ...container }: ContainerFields, field: string): Errors {
  return [
    ...(lifecycle?.postStart ? validateHandler(lifecycle.postStart, `${field}.lifecycle.postStart`) : []),
    ...(lifecycle?.preStop ? validateHandler(lifecycle.preStop, `${field}.lifecycle.preStop`) : []),
    ...validateProbe(container.livenessProbe, `${field}.livenessProbe`),
    ...validateProbe(container.readinessProbe, `${field}.readinessProbe`, true),
    ...validateProbe(container.startupProbe, `${field}.startupProbe`),
  ]
}

const PROBES = ['lifecycle', 'livenessProbe', 'readinessProbe', 'startupProbe'] as const

function validateInits(spec: PodFields, field: string, volumes: ReadonlySet<string>): Errors {
  const { initContainers = [], containers = [] } = spec
  return initContainers.flatMap((container, i) => {
    const at = `${field}[${i}]`
    const isTaken = containers.some(({ name }) => name === container.name)
    return [
      ...validateContainer(container, at, volumes),
      ...when(isTaken, duplicate(`${at}.name`, container.name)),
      ...(isTaken ? [] : repeatedName(initContainers, i, field)),
      ...(container.restartPolicy === 'Always'
        ? validateLife(container, at)
        : PROBES.filter(name => container[name] !== undefined).map(name =>
            denied(`${at}.${name}`, 'may not be set for init containers without restartPolicy=Always'),
          )),
    ]
  })
}

/** What a container that joins a running pod may not have. */
const NOT_EPHEMERAL = ['ports', 'lifecycle', 'livenessProbe', 'readinessProbe', 'startupProbe'] as const

function validateEphemeral(spec: PodFields, field: string, volumes: ReadonlySet<string>): Errors {
  const { ephemeralContainers = [], containers = [], initContainers = [] } = spec
  const others = [...containers, ...initContainers].map(({ name }) => name)
  return ephemeralContainers.flatMap((container, i): FieldError[] => {
    const at = `${field}[${i}]`
    const { name, targetContainerName: joined } = container
    return [
      ...validateContainer(container, at, volumes),
      ...when(others.includes(name), duplicate(`${at}.name`, name)),
      ...repeatedName(ephemeralContainers, i, field),
      ...when(joined && !others.includes(joined), {
        field: `${at}.targetContainerName`,
        reason: 'FieldValueNotFound',
        body: `Not found: ${JSON.stringify(joined)}`,
      }),
      ...NOT_EPHEMERAL.filter(key => container[key] !== undefined).map(key =>
        denied(`${at}.${key}`, 'cannot be set for an Ephemeral Container'),
      ),
    ]
  })
}

function hostPortConflicts(containers: readonly ContainerFields[], field: string): Errors {
  const seen = new Set<string>()
  return containers.flatMap(({ ports = [] }, c) =>
    ports.flatMap(({ hostPort, protocol = 'TCP', hostIP = '' }, i) => {
      if (!hostPort) return []
      const key = `${protocol}/${hostIP}/${hostPort}`
      if (!seen.has(key)) {
        seen.add(key)
        return []
      }
      return [duplicate(`${field}[${c}].ports[${i}].hostPort`, key)]
    }),
  )
}

/** On the host's network a port is what it is. */
const unequalPorts = (containers: readonly ContainerFields[], field: string): Errors =>
  containers.flatMap(({ ports = [] }, c) =>
    ports.flatMap(({ hostPort, containerPort }, i) =>
      when(
        hostPort && hostPort !== containerPort,
        invalid(
          `${field}[${c}].ports[${i}].hostPort`,
          hostPort,
          'must match `containerPort` when `hostNetwork` is true',
        ),
      ),
    ),
  )

/** In the order in which upstream looks for them: all but the first are one too many. */
const VOLUME_SOURCES =
  'emptyDir hostPath gitRepo gcePersistentDisk awsElasticBlockStore secret nfs iscsi glusterfs persistentVolumeClaim rbd cinder cephfs quobyte downwardAPI fc flexVolume configMap azureFile vsphereVolume photonPersistentDisk portworxVolume azureDisk storageos projected scaleIO csi ephemeral image'.split(
    ' ',
  )

function validateVolumes(volumes: readonly VolumeFields[], field: string): Errors {
  return volumes.flatMap((volume, i) => {
    const at = `${field}[${i}]`
    const sources = VOLUME_SOURCES.filter(source => source in volume)
    return [
      ...sources.slice(1).map(source => denied(`${at}.${source}`, 'may not specify more than 1 volume type')),
      ...validateSource(volume, at),
      ...(volume.name ? checkName(dnsLabel, `${at}.name`, volume.name) : [required(`${at}.name`)]),
      ...repeatedName(volumes, i, field),
    ]
  })
}

function validateSource(volume: VolumeFields, at: string): Errors {
  const { emptyDir, hostPath, secret, configMap, persistentVolumeClaim: claim } = volume
  return [
    ...when(
      emptyDir?.sizeLimit?.startsWith('-'),
      denied(`${at}.emptyDir.sizeLimit`, 'SizeLimit field must be a valid resource quantity'),
    ),
    ...when(hostPath && !hostPath.path, required(`${at}.hostPath.path`)),
    ...when(secret && !secret.secretName, required(`${at}.secret.secretName`)),
    ...validateMode(secret?.defaultMode, `${at}.secret.defaultMode`),
    ...when(claim && !claim.claimName, required(`${at}.persistentVolumeClaim.claimName`)),
    ...when(configMap && !configMap.name, required(`${at}.configMap.name`)),
    ...validateMode(configMap?.defaultMode, `${at}.configMap.defaultMode`),
  ]
}

const validateMode = (mode: number | undefined, field: string): Errors =>
  when(
    mode !== undefined && (mode < 0 || mode > 0o777),
    invalid(field, mode, 'must be a number between 0 and 0777 (octal), both inclusive'),
  )
