/**
 * Server -> Deployment, Service, and a ConfigMap named after its content: another configuration is another pod template, so an ordinary
 * rollout, and going back is one too.
 */
import { ok, type Result } from '../../base/problem.ts'
import { contentHash8 } from '../../kube/content-name.ts'
import type { ConfigMap, EnvVar, PodTemplateSpec, Service } from '../../kube/core.ts'
import { ROLE } from '../../kube/names.ts'
import type { KubeObject } from '../../kube/object.ts'
import type { Deployment } from '../../kube/workloads.ts'
import type { Server } from '../../spec/kinds.ts'
import type { Capabilities } from '../capabilities.ts'
import { imageOf, missingImage } from '../image.ts'
import { labelsFor, metadataFor, nameOf, ownerLabels } from '../made-for.ts'
import { requestsOf } from '../requests.ts'

const REPLICA_REQUESTS = { cpu: '100m', memory: '256Mi' }
const PORT_NAME = 'main'

export function compileServer(server: Server, capabilities: Capabilities): Result<readonly KubeObject[]> {
  const problems = missingImage(server, capabilities)
  if (problems.length > 0) return { ok: false, problems }
  return ok([...configMaps(server), service(server), deployment(server)])
}

const hasConfig = ({ spec: { config } }: Server): boolean => Object.keys(config ?? {}).length > 0

const configName = (server: Server): string => `${nameOf(server)}-config-${contentHash8({ data: server.spec.config })}`

const configMaps = (server: Server): readonly ConfigMap[] =>
  hasConfig(server)
    ? [
        {
          apiVersion: 'v1',
          kind: 'ConfigMap',
          metadata: metadataFor(server, configName(server)),
          immutable: true,
          data: server.spec.config ?? {},
        },
      ]
    : []

const service = (server: Server): Service => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: metadataFor(server, nameOf(server)),
  spec: {
    selector: ownerLabels(server),
    ports: [{ name: PORT_NAME, port: server.spec.run.port, targetPort: PORT_NAME }],
  },
})

const deployment = (server: Server): Deployment => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: metadataFor(server, nameOf(server), { [ROLE]: 'replica' }),
  spec: {
    replicas: server.spec.replicas?.min ?? 1,
    revisionHistoryLimit: 3,
    selector: { matchLabels: ownerLabels(server) },
    // A new copy answers before an old one goes.
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: 0 } },
    template: podTemplate(server),
  },
})

function podTemplate(server: Server): PodTemplateSpec {
  const { command, port, workingDir } = server.spec.run
  return {
    metadata: { labels: labelsFor(server, { [ROLE]: 'replica' }) },
    spec: {
      automountServiceAccountToken: false,
      containers: [
        {
          name: 'server',
          ...imageOf(server),
          command,
          ...(workingDir === undefined ? {} : { workingDir }),
          env: portVariable(server),
          ...(hasConfig(server) ? { envFrom: [{ configMapRef: { name: configName(server) } }] } : {}),
          ports: [{ name: PORT_NAME, containerPort: port }],
          resources: requestsOf(server.spec.resources, REPLICA_REQUESTS),
        },
      ],
    },
  }
}

/** As hosting services do it: a program that asks for PORT listens where its Service sends to. A PORT of the user's wins. */
const portVariable = ({ spec: { run, config } }: Server): readonly EnvVar[] =>
  config?.PORT === undefined ? [{ name: 'PORT', value: String(run.port) }] : []
