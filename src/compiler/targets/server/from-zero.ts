/**
 * A Server that may have no copy, on a cluster where somebody else holds the first request: Knative Serving, which takes the place of
 * Deployment, Service and autoscaler (serving.knative.dev/v1), or KEDA's HTTP add-on in front of them (http.keda.sh/v1alpha1).
 */
import type { Service } from '../../../kube/core.ts'
import { ROLE } from '../../../kube/names.ts'
import type { KubeObject, UnknownObject } from '../../../kube/object.ts'
import type { Server } from '../../../spec/kinds.ts'
import type { Capabilities } from '../../capabilities.ts'
import { labelsFor, metadataFor, nameOf, namespaceOf } from '../../made-for.ts'
import { portName, protocolOf, REPLICA } from './names.ts'
import { podTemplate } from './pod-template.ts'
import { idleSeconds, mostCopies } from './scaling.ts'

/** Its window is at least 6 s and at most an hour. */
const WINDOW_SECONDS = { least: 6, most: 3600 }

export function knativeService(server: Server, capabilities: Capabilities): UnknownObject {
  const { targetRequestsPerSecond } = server.spec.replicas ?? {}
  const window = Math.min(Math.max(idleSeconds(server), WINDOW_SECONDS.least), WINDOW_SECONDS.most)
  const { spec } = podTemplate(withPlainPorts(server), capabilities, REPLICA)
  const { containers, volumes, automountServiceAccountToken } = spec
  // It drains by itself, gives PORT itself, and places pods itself; its webhook refuses what would meddle.
  const kept = containers.map(({ lifecycle: _, env = [], ports: __, ...container }) => ({
    ...container,
    env: env.filter(({ name }) => name !== 'PORT'),
    ports: [{ name: protocolOf(server) === 'grpc' ? 'h2c' : 'http1', containerPort: server.spec.run.port }],
  }))
  return {
    apiVersion: 'serving.knative.dev/v1',
    kind: 'Service',
    metadata: metadataFor(server, nameOf(server)),
    spec: {
      template: {
        metadata: {
          labels: labelsFor(server, { [ROLE]: REPLICA }),
          annotations: {
            'autoscaling.knative.dev/min-scale': '0',
            'autoscaling.knative.dev/max-scale': String(mostCopies(server)),
            'autoscaling.knative.dev/window': `${window}s`,
            ...(targetRequestsPerSecond === undefined
              ? {}
              : {
                  'autoscaling.knative.dev/metric': 'rps',
                  'autoscaling.knative.dev/target': String(targetRequestsPerSecond),
                }),
          },
        },
        spec: { automountServiceAccountToken, containers: kept, ...(volumes ? { volumes } : {}) },
      },
    },
  }
}

/** Knative names the port by its protocol, so probes call it by its number. */
function withPlainPorts(server: Server): Server {
  const { probes, run } = server.spec
  const { startup, readiness = {}, liveness } = probes ?? {}
  const port = run.port
  return {
    ...server,
    spec: {
      ...server.spec,
      probes: {
        ...(startup ? { startup: { port, ...startup } } : {}),
        readiness: { port, ...readiness },
        ...(liveness ? { liveness: { port, ...liveness } } : {}),
      },
    },
  }
}

/** The host of the outside, which Knative routes by itself (serving.knative.dev/v1beta1). */
export function domainMappings(server: Server): readonly KubeObject[] {
  const { ingress } = server.spec
  if (!ingress) return []
  const mapping: UnknownObject = {
    apiVersion: 'serving.knative.dev/v1beta1',
    kind: 'DomainMapping',
    metadata: metadataFor(server, ingress.host),
    spec: {
      ref: { apiVersion: 'serving.knative.dev/v1', kind: 'Service', name: nameOf(server) },
      ...(ingress.tlsSecret === undefined ? {} : { tls: { secretName: ingress.tlsSecret } }),
    },
  }
  return [mapping]
}

/** Where the add-on's interceptor listens, as its chart installs it. */
const INTERCEPTOR = { host: 'keda-add-ons-http-interceptor-proxy.keda.svc.cluster.local', port: 8080 }

export const heldName = (server: Server): string => `${nameOf(server)}-held`

export const heldBackend = (server: Server): object => ({ name: heldName(server), port: { number: INTERCEPTOR.port } })

/** Requests reach the interceptor under the Service `N-held`, which holds them until a copy of `N` answers. */
export const heldService = (server: Server): KubeObject => {
  const { host, port } = INTERCEPTOR
  const held: Service & { readonly spec: { readonly externalName: string } } = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: metadataFor(server, heldName(server)),
    spec: { type: 'ExternalName', externalName: host, ports: [{ name: portName(server), port }] },
  }
  return held
}

export function httpScaledObject(server: Server): UnknownObject {
  const { replicas = {}, ingress } = server.spec
  const held = heldName(server)
  const namespace = namespaceOf(server)
  return {
    apiVersion: 'http.keda.sh/v1alpha1',
    kind: 'HTTPScaledObject',
    metadata: metadataFor(server, nameOf(server)),
    spec: {
      hosts: [...(ingress ? [ingress.host] : []), held, `${held}.${namespace}`, `${held}.${namespace}.svc`],
      scaleTargetRef: {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        name: nameOf(server),
        service: nameOf(server),
        port: server.spec.run.port,
      },
      replicas: { min: 0, max: mostCopies(server) },
      scaledownPeriod: idleSeconds(server),
      ...(replicas.targetRequestsPerSecond === undefined
        ? {}
        : {
            scalingMetric: {
              requestRate: { targetValue: replicas.targetRequestsPerSecond, granularity: '1s', window: '1m' },
            },
          }),
    },
  }
}
