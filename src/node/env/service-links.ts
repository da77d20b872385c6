/**
 * Variables for the Services of a pod's namespace (the kubelet's pkg/kubelet/envvars, FromServices), pure: `WEB_SERVICE_HOST`, and what Docker's links
 * once were. A pod that was there before its Service has none; names are the better way.
 */
import type { Service, ServicePort } from '../../kube/core.ts'

export function serviceLinks(services: readonly Service[]): Record<string, string> {
  return Object.assign({}, ...services.filter(hasAddress).map(linksOf))
}

const hasAddress = ({ spec }: Service): boolean => Boolean(spec.clusterIP) && spec.clusterIP !== 'None'

const variable = (name: string): string => name.replaceAll('-', '_').toUpperCase()

function linksOf({ metadata, spec }: Service): Record<string, string> {
  const prefix = variable(metadata.name ?? '')
  const host = spec.clusterIP ?? ''
  const { ports = [] } = spec
  const [first] = ports
  if (first === undefined) return {}
  return {
    [`${prefix}_SERVICE_HOST`]: host,
    [`${prefix}_SERVICE_PORT`]: String(first.port),
    ...Object.fromEntries(
      ports.flatMap(({ name, port }) => (name ? [[`${prefix}_SERVICE_PORT_${variable(name)}`, String(port)]] : [])),
    ),
    [`${prefix}_PORT`]: urlOf(first, host),
    ...Object.assign({}, ...ports.map(port => dockerLink(prefix, port, host))),
  }
}

const urlOf = ({ protocol = 'TCP', port }: ServicePort, host: string): string =>
  `${protocol.toLowerCase()}://${host}:${port}`

function dockerLink(prefix: string, port: ServicePort, host: string): Record<string, string> {
  const { protocol = 'TCP' } = port
  const name = `${prefix}_PORT_${port.port}_${protocol}`
  return {
    [name]: urlOf(port, host),
    [`${name}_PROTO`]: protocol.toLowerCase(),
    [`${name}_PORT`]: String(port.port),
    [`${name}_ADDR`]: host,
  }
}
