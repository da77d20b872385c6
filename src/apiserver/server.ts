/**
 * The API server put together: store, catalogue, engine, and the two ways in: HTTPS for the world, `KubeApi` for parts in the same
 * process. Nothing is started before `listen`, and nothing large is made before somebody asks for it.
 */
import { type Clock, systemClock } from '../base/clock.ts'
import type { KubeApi } from '../client/kube-api.ts'
import type { NodeLookUp } from '../client/node-api.ts'
import { loadCel } from '../kube/cel/compile.ts'
import type { CustomResourceDefinition } from '../kube/workloads.ts'
import { createAuthenticator } from './auth/authenticate.ts'
import { openIdDocuments } from './auth/openid.ts'
import { ADMIN, type User } from './auth/user.ts'
import { definitionStrategy } from './custom/definition-rules.ts'
import { Definitions } from './custom/definitions.ts'
import { builtInResources } from './kinds/built-in.ts'
import { LocalApi } from './local-api.ts'
import { metricsResources } from './metrics/metrics-resources.ts'
import { createOpenApi } from './openapi/documents.ts'
import type { Pki } from './pki/pki.ts'
import { Catalog } from './resource/catalog.ts'
import { createEngine } from './resource/engine.ts'
import type { Strategy } from './resource/resource.ts'
import { ServiceAddresses } from './resource/service-addresses.ts'
import { createRestServer, type Traffic } from './rest/server.ts'
import type { Store } from './store/store.ts'
import { hasExpressions } from './webhooks/policies.ts'

export interface ApiServerOptions {
  readonly store: Store
  readonly pki: Pick<Pki, 'serverKey' | 'serverCertificate' | 'serviceAccountKey' | 'adminToken'> &
    Partial<Pick<Pki, 'ca'>>
  readonly clock?: Clock
  /** Who answers for a node's pods (logs, commands, usage); may come later, by `setNodeApi`. */
  readonly nodeApi?: NodeLookUp
  /** Definitions that come with the program, known to be sound. */
  readonly ownDefinitions?: readonly CustomResourceDefinition[]
  /** Where Services get their addresses from. */
  readonly serviceRange?: string
  /** How long pods stay on a node that is not ready, unless they say so themselves; 300 as upstream unless given. */
  readonly tolerationSeconds?: number
  readonly warn?: (message: string) => void
}

export interface ApiServer {
  /** In process, as an administrator. */
  readonly api: KubeApi
  /** In process, as somebody else, with that user's rights. */
  as(user: User): KubeApi
  setNodeApi(nodeApi: NodeLookUp): void
  /** The first address of the Service range: the `kubernetes` Service's. */
  readonly serviceAddress: string
  listen(addresses: readonly string[], port: number): Promise<{ readonly port: number }>
  /** What comes in from outside, for who wants to know whether anybody is there. */
  readonly traffic: Traffic
  /** Ends watches and connections. The store stays open: it is its opener's. */
  close(): Promise<void>
}

const DEFAULT_SERVICE_RANGE = '10.96.0.0/16'
/** The `kubernetes` Service's address in a range, which the server's certificate has to name. */
export const firstOf = (serviceRange: string): string => new ServiceAddresses(serviceRange).first

export function createApiServer(options: ApiServerOptions): ApiServer {
  const { store, pki, clock = systemClock, serviceRange = DEFAULT_SERVICE_RANGE, warn = () => {} } = options
  let { nodeApi } = options
  let definitions: Definitions | undefined
  const catalog = new Catalog([
    ...builtInResources({
      'apiextensions.k8s.io/customresourcedefinitions': {
        strategy: definitionStrategy(options.ownDefinitions) as unknown as Strategy,
        onStored: definition => definitions?.stored(definition),
      },
    }),
    ...metricsResources(),
  ])
  const { serviceAccountKey, adminToken } = pki
  const engine = createEngine({
    store,
    clock,
    catalog,
    serviceAccountKey,
    serviceRange,
    ...(options.tolerationSeconds !== undefined && { tolerationSeconds: options.tolerationSeconds }),
    nodeApi: node => nodeApi?.(node),
  })
  definitions = new Definitions({ context: engine, catalog, warn })
  const rest = createRestServer({
    engine,
    authenticator: createAuthenticator({ adminToken, serviceAccountKey }, store, clock),
    openId: openIdDocuments(serviceAccountKey),
    ...(pki.ca !== undefined && { clientCa: pki.ca }),
    openApi: createOpenApi(catalog),
    key: pki.serverKey,
    certificate: pki.serverCertificate,
    warn,
  })
  return {
    api: new LocalApi(engine, ADMIN),
    as: user => new LocalApi(engine, user),
    setNodeApi: given => {
      nodeApi = given
    },
    serviceAddress: engine.addresses.first,
    listen: async (addresses, port) => {
      if (hasExpressions(store)) await loadCel()
      return rest.listen(addresses, port)
    },
    traffic: rest.traffic,
    close: async () => {
      definitions?.stop()
      await rest.close()
    },
  }
}
