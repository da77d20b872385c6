/** `hostPort` of a pod's containers (the portmap plugin's part), pure: a port of the machine that leads to this one pod. */
import type { Pod } from '../../kube/core.ts'
import { hasAddress } from '../pod-names.ts'
import type { Forwarding } from './forwarding.ts'

interface PortOfHost {
  readonly containerPort: number
  readonly hostPort?: number
  readonly protocol?: string
}

const portsOf = ({ spec }: Pod): readonly PortOfHost[] =>
  (spec.containers ?? []).flatMap(({ ports = [] }) => ports as readonly PortOfHost[]).filter(port => port.hostPort)

export const hasHostPort = (pod: Pod): boolean => portsOf(pod).length > 0

export const isElsewhere = ({ status }: Pod, { status: before }: Pod): boolean =>
  status?.podIP !== before?.podIP || status?.phase !== before?.phase

export const hostPortsOf = (pods: readonly Pod[]): readonly Forwarding[] =>
  pods.filter(hasAddress).flatMap(pod =>
    portsOf(pod).flatMap(({ containerPort, hostPort, protocol = 'TCP' }) => {
      const kind = protocol.toLowerCase()
      if (kind !== 'tcp' && kind !== 'udp') return []
      const { namespace, name } = pod.metadata
      return [
        {
          key: `${kind}/host-${hostPort}/${namespace}/${name}`,
          protocol: kind,
          addresses: [],
          port: containerPort,
          nodePort: hostPort,
          backends: [{ address: pod.status?.podIP ?? '', port: containerPort }],
          isLocalOnly: false,
          isMetered: false,
        } as const,
      ]
    }),
  )
