/**
 * What the levels `baseline` and `restricted` forbid (pod-security-admission/policy, latest version): a table of checks, each from a pod to what
 * is wrong with it. Not looked at: AppArmor and seccomp annotations of old, Windows' host processes, hosts in probes.
 */
import type { Container, PodSpec } from '../../kube/core.ts'

interface Security {
  readonly privileged?: boolean
  readonly allowPrivilegeEscalation?: boolean
  readonly runAsNonRoot?: boolean
  readonly runAsUser?: number
  readonly procMount?: string
  readonly capabilities?: { readonly add?: readonly string[]; readonly drop?: readonly string[] }
  readonly seccompProfile?: { readonly type?: string }
  readonly appArmorProfile?: { readonly type?: string }
  readonly seLinuxOptions?: { readonly type?: string; readonly user?: string; readonly role?: string }
  readonly sysctls?: readonly { readonly name: string }[]
}
type Secured = Container & {
  readonly securityContext?: Security
}
type Spec = PodSpec & {
  readonly securityContext?: Security
  readonly hostPID?: boolean
  readonly hostIPC?: boolean
  readonly ephemeralContainers?: readonly Secured[]
}

/** `reason (detail)`; undefined where all is well. */
export type PodCheck = (spec: Spec) => readonly [reason: string, detail: string] | undefined

const containersOf = (spec: Spec): readonly Secured[] => [
  ...(spec.initContainers ?? []),
  ...(spec.containers ?? []),
  ...(spec.ephemeralContainers ?? []),
]
const namesOf = (spec: Spec, isBad: (security: Security, container: Secured) => boolean): readonly string[] =>
  containersOf(spec)
    .filter(container => isBad(container.securityContext ?? {}, container))
    .map(({ name }) => name)

const quoted = (texts: readonly string[]): string => texts.map(text => JSON.stringify(text)).join(', ')
const plural = (word: string, list: readonly unknown[]): string => (list.length === 1 ? word : `${word}s`)
const named = (word: string, names: readonly string[]): string => `${plural(word, names)} ${quoted(names)}`
const sorted = (texts: readonly string[]): readonly string[] => [...new Set(texts)].sort()

/** A check of containers alone: those that are bad, and what they must do. */
const each =
  (reason: string, isBad: (security: Security, container: Secured) => boolean, must: string): PodCheck =>
  spec => {
    const bad = namesOf(spec, isBad)
    return bad.length > 0 ? [reason, `${named('container', bad)} ${must}`] : undefined
  }

/** Who sets something bad: the pod, some of its containers, or both. */
function settersOf(spec: Spec, isBad: (security: Security) => boolean): readonly string[] {
  const bad = namesOf(spec, security => isBad(security))
  return [...(isBad(spec.securityContext ?? {}) ? ['pod'] : []), ...(bad.length > 0 ? [named('container', bad)] : [])]
}

/** A field whose value must be one of a few where it is set. */
function profile(
  spec: Spec,
  typeIn: (security: Security) => string | undefined,
  allowed: readonly string[],
): { readonly setters: string; readonly values: readonly string[] } | undefined {
  const bad = (security: Security): string | undefined => {
    const value = typeIn(security)
    return value !== undefined && !allowed.includes(value) ? value : undefined
  }
  const setters = settersOf(spec, security => bad(security) !== undefined)
  if (setters.length === 0) return undefined
  const all = [spec.securityContext ?? {}, ...containersOf(spec).map(({ securityContext = {} }) => securityContext)]
  return { setters: setters.join(' and '), values: sorted(all.flatMap(security => bad(security) ?? [])) }
}

const SAFE_CAPABILITIES =
  'AUDIT_WRITE CHOWN DAC_OVERRIDE FOWNER FSETID KILL MKNOD NET_BIND_SERVICE SETFCAP SETGID SETPCAP SETUID SYS_CHROOT'.split(
    ' ',
  )
const SAFE_SYSCTLS = [
  'kernel.shm_rmid_forced',
  ...'ip_local_port_range tcp_syncookies ping_group_range ip_unprivileged_port_start ip_local_reserved_ports tcp_keepalive_time tcp_fin_timeout tcp_keepalive_intvl tcp_keepalive_probes tcp_rmem tcp_wmem tcp_slow_start_after_idle tcp_notsent_lowat'
    .split(' ')
    .map(name => `net.ipv4.${name}`),
]
const SAFE_VOLUMES = 'configMap csi downwardAPI emptyDir ephemeral image persistentVolumeClaim projected secret'.split(
  ' ',
)
const SAFE_SELINUX = ['', 'container_t', 'container_init_t', 'container_kvm_t', 'container_engine_t']
const SECCOMP = ['RuntimeDefault', 'Localhost']

const badCapabilities = (spec: Spec, safe: readonly string[]) => {
  const bad = (security: Security) => (security.capabilities?.add ?? []).filter(name => !safe.includes(name))
  const names = namesOf(spec, security => bad(security).length > 0)
  if (names.length === 0) return undefined
  const added = sorted(containersOf(spec).flatMap(({ securityContext = {} }) => bad(securityContext)))
  return `${named('container', names)} must not include ${quoted(added)} in securityContext.capabilities.add`
}

const appArmor: PodCheck = spec => {
  const bad = profile(spec, ({ appArmorProfile }) => appArmorProfile?.type, SECCOMP)
  if (!bad) return undefined
  const detail = `${bad.setters} must not set AppArmor profile type to ${quoted(bad.values)}`
  return [plural('forbidden AppArmor profile', bad.values), detail]
}

const capabilities: PodCheck = spec => {
  const bad = badCapabilities(spec, SAFE_CAPABILITIES)
  return bad === undefined ? undefined : ['non-default capabilities', bad]
}

const hostNamespaces: PodCheck = spec => {
  const set = (['hostNetwork', 'hostPID', 'hostIPC'] as const).filter(field => spec[field])
  return set.length > 0 ? ['host namespaces', set.map(field => `${field}=true`).join(', ')] : undefined
}

const volumeType = (volume: object): string => Object.keys(volume).find(key => key !== 'name') ?? 'unknown'

const hostPaths: PodCheck = ({ volumes = [] }) => {
  const bad = volumes.filter(volume => volumeType(volume) === 'hostPath').map(({ name }) => name)
  return bad.length > 0 ? ['hostPath volumes', named('volume', bad)] : undefined
}

const hostPorts: PodCheck = spec => {
  const ports = ({ ports: all = [] }: Secured): readonly string[] =>
    all
      .map(port => (port as { readonly hostPort?: number }).hostPort ?? 0)
      .filter(Boolean)
      .map(String)
  const bad = namesOf(spec, (_, container) => ports(container).length > 0)
  if (bad.length === 0) return undefined
  const used = sorted(containersOf(spec).flatMap(ports))
  return [
    'hostPort',
    `${named('container', bad)} ${bad.length === 1 ? 'uses' : 'use'} ${plural('hostPort', used)} ${used.join(', ')}`,
  ]
}

const procMount: PodCheck = spec => {
  const isBad = (security: Security) => security.procMount !== undefined && security.procMount !== 'Default'
  const bad = namesOf(spec, isBad)
  if (bad.length === 0) return undefined
  const types = sorted(
    containersOf(spec).flatMap(({ securityContext: s = {} }) => (isBad(s) ? [s.procMount ?? ''] : [])),
  )
  return ['procMount', `${named('container', bad)} must not set securityContext.procMount to ${quoted(types)}`]
}

const seLinux: PodCheck = spec => {
  const isBad = ({ seLinuxOptions: o }: Security) =>
    o !== undefined && (!SAFE_SELINUX.includes(o.type ?? '') || Boolean(o.user || o.role))
  const setters = settersOf(spec, isBad)
  if (setters.length === 0) return undefined
  const all = [spec, ...containersOf(spec)].flatMap(({ securityContext }) => securityContext?.seLinuxOptions ?? [])
  const types = sorted(all.map(({ type = '' }) => type).filter(type => !SAFE_SELINUX.includes(type)))
  const wrong = [
    ...(types.length > 0 ? [named('type', types)] : []),
    ...(all.some(({ user }) => user) ? ['user may not be set'] : []),
    ...(all.some(({ role }) => role) ? ['role may not be set'] : []),
  ]
  return [
    'seLinuxOptions',
    `${setters.join(' and ')} set forbidden securityContext.seLinuxOptions: ${wrong.join('; ')}`,
  ]
}

const badSeccomp = (spec: Spec) => profile(spec, ({ seccompProfile }) => seccompProfile?.type, SECCOMP)
const seccomp: PodCheck = spec => {
  const bad = badSeccomp(spec)
  return (
    bad && [
      'seccompProfile',
      `${bad.setters} must not set securityContext.seccompProfile.type to ${quoted(bad.values)}`,
    ]
  )
}

const sysctls: PodCheck = ({ securityContext }) => {
  const bad = (securityContext?.sysctls ?? []).map(({ name }) => name).filter(name => !SAFE_SYSCTLS.includes(name))
  return bad.length > 0 ? ['forbidden sysctls', bad.join(', ')] : undefined
}

const privileged = each(
  'privileged',
  ({ privileged: is }) => is === true,
  'must not set securityContext.privileged=true',
)

const escalation = each(
  'allowPrivilegeEscalation != false',
  ({ allowPrivilegeEscalation: is }) => is !== false,
  'must set securityContext.allowPrivilegeEscalation=false',
)

const fewCapabilities: PodCheck = spec => {
  const kept = namesOf(spec, ({ capabilities: has }) => !has?.drop?.includes('ALL'))
  const added = badCapabilities(spec, ['NET_BIND_SERVICE'])
  const wrong = [
    ...(kept.length > 0 ? [`${named('container', kept)} must set securityContext.capabilities.drop=["ALL"]`] : []),
    ...(added === undefined ? [] : [added]),
  ]
  return wrong.length > 0 ? ['unrestricted capabilities', wrong.join('; ')] : undefined
}

const fewVolumes: PodCheck = ({ volumes = [] }) => {
  const bad = volumes.filter(volume => !SAFE_VOLUMES.includes(volumeType(volume)))
  if (bad.length === 0) return undefined
  const types = sorted(bad.map(volumeType))
  const names = bad.map(({ name }) => name)
  const use = names.length === 1 ? 'uses' : 'use'
  return ['restricted volume types', `${named('volume', names)} ${use} restricted volume ${named('type', types)}`]
}

/** Set wrong somewhere, or set right neither by the pod nor by the container. */
const nonRoot: PodCheck = spec => {
  const setters = settersOf(spec, ({ runAsNonRoot }) => runAsNonRoot === false)
  const reason = 'runAsNonRoot != true'
  if (setters.length > 0) return [reason, `${setters.join(' and ')} must not set securityContext.runAsNonRoot=false`]
  if (spec.securityContext?.runAsNonRoot) return undefined
  const bad = namesOf(spec, ({ runAsNonRoot }) => runAsNonRoot === undefined)
  return bad.length > 0
    ? [reason, `pod or ${named('container', bad)} must set securityContext.runAsNonRoot=true`]
    : undefined
}

const notRoot: PodCheck = spec => {
  const setters = settersOf(spec, ({ runAsUser }) => runAsUser === 0)
  return setters.length > 0 ? ['runAsUser=0', `${setters.join(' and ')} must not set runAsUser=0`] : undefined
}

const someSeccomp: PodCheck = spec => {
  if (badSeccomp(spec)) return seccomp(spec)
  if (spec.securityContext?.seccompProfile?.type) return undefined
  const bad = namesOf(spec, ({ seccompProfile }) => !seccompProfile?.type)
  const must = 'must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"'
  return bad.length > 0 ? ['seccompProfile', `pod or ${named('container', bad)} ${must}`] : undefined
}

const BASELINE = [
  appArmor,
  capabilities,
  hostNamespaces,
  hostPaths,
  hostPorts,
  privileged,
  procMount,
  seLinux,
  seccomp,
  sysctls,
]
/** These say more than their namesakes of the baseline, and take their place. */
const REPLACED = [capabilities, hostPaths, seccomp]

export const LEVELS: Readonly<Record<string, readonly PodCheck[]>> = {
  baseline: BASELINE,
  restricted: [
    ...BASELINE.filter(check => !REPLACED.includes(check)),
    ...[escalation, fewCapabilities, fewVolumes, nonRoot, notRoot, someSeccomp],
  ],
}
