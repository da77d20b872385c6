/**
 * DNS as everybody knows it: Service `kube-dns` in `kube-system`, at the tenth address of the Services, with the server as its only endpoint. Pods
 * ask the server itself; who looks the Service up, or whose resolver's port was somebody's already, comes by its address.
 */
import type { KubeApi } from '../../client/kube-api.ts'
import { SERVICE_NAME } from '../../kube/names.ts'
import type { KubeObject } from '../../kube/object.ts'
import { isApiError } from '../../kube/status.ts'

const metadata = { name: 'kube-dns', namespace: 'kube-system' }
const ROLE = { 'k8s-app': 'kube-dns', 'kubernetes.io/name': 'CoreDNS' }
const PORTS = [
  { name: 'dns', protocol: 'UDP' },
  { name: 'dns-tcp', protocol: 'TCP' },
]

export async function publishDns(
  api: KubeApi,
  { service, address, port }: { readonly service: string; readonly address: string; readonly port: number },
): Promise<void> {
  const ports = PORTS.map(each => ({ ...each, port: 53, targetPort: port }))
  await ignoringPresent(
    api.create({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { ...metadata, labels: ROLE },
      spec: { clusterIP: service, ports },
    } as KubeObject),
  )
  await api.apply(
    {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { ...metadata, labels: { ...ROLE, [SERVICE_NAME]: metadata.name } },
      addressType: 'IPv4',
      endpoints: [{ addresses: [address], conditions: { ready: true } }],
      ports: PORTS.map(each => ({ ...each, port })),
    } as KubeObject,
    { fieldManager: 'solvent-network', force: true },
  )
}

/** An address that another Service took in an earlier life is no reason to have no names. */
async function ignoringPresent(creation: Promise<unknown>): Promise<void> {
  try {
    await creation
  } catch (error) {
    if (!isApiError(error, 'AlreadyExists', 'Invalid')) throw error
  }
}
