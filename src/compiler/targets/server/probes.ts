/**
 * A Server's probes as Kubernetes has them. Readiness is derived where nothing is said: a TCP connection to the port. Liveness never is: a
 * connection opens as long as the kernel lives, and a copy that is slow under load would be killed for it.
 */
import type { Container, Handler, Probe } from '../../../kube/core.ts'
import type { Server, ServerProbe } from '../../../spec/kinds.ts'
import { portName, protocolOf } from './names.ts'

/** Half of upstream's: what fails is out of the address within 15 s. */
const PERIOD_SECONDS = 5

export function probesOf(server: Server): Pick<Container, 'startupProbe' | 'readinessProbe' | 'livenessProbe'> {
  const { startup, readiness, liveness } = server.spec.probes ?? {}
  const derived = protocolOf(server) === 'udp' ? undefined : {}
  return {
    ...named('startupProbe', probeOf(server, startup)),
    ...named('readinessProbe', probeOf(server, readiness ?? derived)),
    ...named('livenessProbe', probeOf(server, liveness)),
  }
}

const named = <N extends string>(name: N, probe: Probe | undefined): { readonly [name in N]?: Probe } =>
  probe === undefined ? {} : ({ [name]: probe } as { readonly [name in N]?: Probe })

function probeOf(server: Server, probe: ServerProbe | undefined): Probe | undefined {
  if (probe === undefined || probe.none) return undefined
  const { path: _, command: __, grpc: ___, tcp: ____, none: _____, port, ...timing } = probe
  return { ...handlerOf(server, probe, port), periodSeconds: PERIOD_SECONDS, ...timing }
}

function handlerOf(server: Server, { path, command, grpc }: ServerProbe, given: number | undefined): Handler {
  const port = given ?? portName(server)
  if (path !== undefined) return { httpGet: { path, port } }
  if (command !== undefined) return { exec: { command } }
  // The one handler that takes no name of a port.
  if (grpc !== undefined) return { grpc: { port: given ?? server.spec.run.port, ...(grpc ? { service: grpc } : {}) } }
  return { tcpSocket: { port } }
}
