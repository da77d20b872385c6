/** The text of /etc/hosts inside a pod: itself, the API server, and the names that the network room adds (hosts(5)). Pure. */

export interface HostsEntry {
  readonly address: string
  readonly names: readonly string[]
}

/** Kubernetes' own names for the API server, shortest first. */
const API_NAMES = ['kubernetes', 'kubernetes.default', 'kubernetes.default.svc', 'kubernetes.default.svc.cluster.local']

export function hostsText(
  own: { readonly hostname: string; readonly address: string; readonly apiHost: string | undefined },
  entries: readonly HostsEntry[],
): string {
  const lines: HostsEntry[] = [
    { address: '127.0.0.1', names: ['localhost'] },
    { address: '::1', names: ['localhost', 'ip6-localhost', 'ip6-loopback'] },
    { address: own.address, names: [own.hostname] },
    ...(own.apiHost === undefined ? [] : [{ address: own.apiHost, names: API_NAMES }]),
    ...entries,
  ]
  return `# Written by Solvent for this pod; changes are overwritten.\n${lines.map(formatLine).join('')}`
}

const formatLine = ({ address, names }: HostsEntry): string => `${address}\t${names.join(' ')}\n`
