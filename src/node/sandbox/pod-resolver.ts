/**
 * What a pod's resolver reads where a DNS server answers (the kubelet's dns.Configurer, pkg/kubelet/network/dns), pure: the text of its resolv.conf
 * and the lines of its hosts file that are its own.
 */
import type { Pod } from '../../kube/core.ts'
import type { HostsEntry } from './hosts-file.ts'

/** Fields of a pod that bear on it. */
interface Fields {
  readonly dnsPolicy?: string
  readonly dnsConfig?: {
    readonly nameservers?: readonly string[]
    readonly searches?: readonly string[]
    readonly options?: readonly { readonly name?: string; readonly value?: string }[]
  }
  readonly hostAliases?: readonly { readonly ip?: string; readonly hostnames?: readonly string[] }[]
  readonly setHostnameAsFQDN?: boolean
}

const DOMAIN = 'cluster.local'
/** glibc looks at no more. */
const MAX_NAMESERVERS = 3
const MAX_SEARCHES = 32

export interface ResolverFacts {
  /** Of the cluster's DNS, best first. */
  readonly nameservers: readonly string[]
  /** The machine's own resolv.conf. */
  readonly machine: string
}

export function resolverText(pod: Pod, { nameservers, machine }: ResolverFacts): string {
  const { dnsPolicy = 'ClusterFirst', dnsConfig } = pod.spec as Fields
  const base =
    dnsPolicy === 'None'
      ? { nameservers: [], searches: [], options: [] }
      : dnsPolicy === 'Default'
        ? parseResolverFile(machine)
        : clusterFirst(pod.metadata.namespace ?? '', nameservers, parseResolverFile(machine).searches)
  const options = new Map([...base.options, ...(dnsConfig?.options ?? []).map(optionOf)])
  return formatResolverFile({
    nameservers: unique([...base.nameservers, ...(dnsConfig?.nameservers ?? [])]).slice(0, MAX_NAMESERVERS),
    searches: unique([...base.searches, ...(dnsConfig?.searches ?? [])]).slice(0, MAX_SEARCHES),
    options: [...options],
  })
}

/**
 * As upstream, and patient in another way than by default (5 s, twice): the server is near and answers in a millisecond, or it has just
 * been killed and is back within one second.
 */
const OPTIONS = [
  ['ndots', '5'],
  ['timeout', '1'],
  ['attempts', '5'],
] as const

interface ResolverFile {
  readonly nameservers: readonly string[]
  readonly searches: readonly string[]
  readonly options: readonly (readonly [name: string, value: string])[]
}

const clusterFirst = (namespace: string, nameservers: readonly string[], more: readonly string[]): ResolverFile => ({
  nameservers,
  searches: [`${namespace}.svc.${DOMAIN}`, `svc.${DOMAIN}`, DOMAIN, ...more],
  options: OPTIONS,
})

const optionOf = ({ name = '', value = '' }: { readonly name?: string; readonly value?: string }) =>
  [name, value] as const

const unique = (items: readonly string[]): readonly string[] => [...new Set(items)]

export function parseResolverFile(text: string): ResolverFile {
  const words = text.split('\n').map(line =>
    line
      .replace(/[#;].*/, '')
      .trim()
      .split(/\s+/),
  )
  const after = (keyword: string) => words.filter(([first]) => first === keyword).map(([, ...rest]) => rest)
  return {
    nameservers: after('nameserver').flat(),
    searches: (after('search').at(-1) ?? []).filter(each => each !== '.'),
    options: after('options')
      .flat()
      .map(option => {
        const [name = '', value = ''] = option.split(':')
        return [name, value] as const
      }),
  }
}

const formatResolverFile = ({ nameservers, searches, options }: ResolverFile): string =>
  [
    ...(searches.length > 0 ? [`search ${searches.join(' ')}`] : []),
    ...nameservers.map(address => `nameserver ${address}`),
    ...(options.length > 0
      ? [`options ${options.map(([name, value]) => (value ? `${name}:${value}` : name)).join(' ')}`]
      : []),
    '',
  ].join('\n')

/** Beside its host name: the name that its Service gives it, and what it says itself. */
export function ownEntries({ spec, metadata }: Pod, hostname: string, address: string): readonly HostsEntry[] {
  const { hostAliases = [] } = spec as Fields
  const qualified = spec.subdomain ? [`${hostname}.${spec.subdomain}.${metadata.namespace}.svc.${DOMAIN}`] : []
  return [
    ...qualified.map(name => ({ address, names: [name, hostname] })),
    ...hostAliases.map(({ ip = '', hostnames = [] }) => ({ address: ip, names: hostnames })),
  ]
}

/** The machine's nsswitch.conf, where it would ask past resolv.conf (systemd's resolver knows nothing of the cluster). Undefined: as it is. */
export function switchText(machine: string): string | undefined {
  const line = /^hosts:.*\b(resolve|mymachines|myhostname)\b.*$/m.exec(machine)
  return line ? machine.replace(line[0], 'hosts: files dns') : undefined
}
