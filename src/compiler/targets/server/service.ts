/** How a Server is found: its Service, and the name that the outside knows it by. */
import type { Service } from '../../../kube/core.ts'
import { SCALE_FROM_ZERO, SCALE_TO_ZERO_AFTER } from '../../../kube/names.ts'
import type { KubeObject, UnknownObject } from '../../../kube/object.ts'
import type { Server, ServerProtocol } from '../../../spec/kinds.ts'
import type { Capabilities } from '../../capabilities.ts'
import { metadataFor, nameOf, ownerLabels } from '../../made-for.ts'
import { portName, protocolOf, transportOf } from './names.ts'
import { idleSeconds, isFromZero } from './scaling.ts'

/** As proxies and meshes read it (KEP-3726). */
const APP_PROTOCOLS: Readonly<Partial<Record<ServerProtocol, string>>> = { http: 'http', grpc: 'kubernetes.io/h2c' }

export function service(server: Server, capabilities: Capabilities): Service {
  const metadata = metadataFor(server, nameOf(server))
  const appProtocol = APP_PROTOCOLS[protocolOf(server)]
  const port = {
    name: portName(server),
    ...(transportOf(server) === 'UDP' ? { protocol: 'UDP' } : {}),
    ...(appProtocol === undefined ? {} : { appProtocol }),
    port: server.spec.run.port,
    targetPort: portName(server),
  }
  const isHeld = isFromZero(server) && capabilities.fromZero === 'activator'
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: isHeld ? { ...metadata, annotations: fromZero(server) } : metadata,
    spec: {
      // On one machine an address that the machine itself reaches costs nothing; elsewhere it is a rented load balancer.
      ...(capabilities.embedded ? { type: 'LoadBalancer' } : {}),
      selector: ownerLabels(server),
      ports: [port],
    },
  }
}

const fromZero = (server: Server): Readonly<Record<string, string>> => ({
  [SCALE_FROM_ZERO]: `Deployment/${nameOf(server)}`,
  [SCALE_TO_ZERO_AFTER]: String(idleSeconds(server)),
})

/** `backend`: the Service that the outside's requests go to. */
export function ingresses(server: Server, backend: object): readonly KubeObject[] {
  const { ingress } = server.spec
  if (!ingress) return []
  const { host, path = '/', tlsSecret, className } = ingress
  const made: UnknownObject = {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: metadataFor(server, nameOf(server)),
    spec: {
      ...(className === undefined ? {} : { ingressClassName: className }),
      ...(tlsSecret === undefined ? {} : { tls: [{ hosts: [host], secretName: tlsSecret }] }),
      rules: [{ host, http: { paths: [{ path, pathType: 'Prefix', backend: { service: backend } }] } }],
    },
  }
  return [made]
}

export const ownBackend = (server: Server): object => ({ name: nameOf(server), port: { name: portName(server) } })
