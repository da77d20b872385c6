/**
 * What every namespace has from the start: the ServiceAccount `default`, and the ConfigMap `kube-root-ca.crt` by which its pods trust the API
 * server (pkg/controller/serviceaccount, pkg/controller/certificates/rootcacertpublisher).
 */
import type { ConfigMap, Namespace, ServiceAccount } from '../../../kube/core.ts'
import { type Action, create } from '../../runtime/action.ts'
import type { ControllerContext } from '../../runtime/context.ts'
import type { Controller } from '../../runtime/run-controller.ts'

const ACCOUNT = 'default'
const ROOT_CA = 'kube-root-ca.crt'
const CA_KEY = 'ca.crt'

export interface DefaultsObserved {
  readonly namespace: Namespace
  readonly account: ServiceAccount | undefined
  readonly rootCa: ConfigMap | undefined
}

/** `ca`: PEM; without one there is nothing to publish. */
function reconcileDefaults({ namespace, account, rootCa }: DefaultsObserved, ca?: string): readonly Action[] {
  const { name, deletionTimestamp } = namespace.metadata
  if (deletionTimestamp || namespace.status?.phase === 'Terminating') return []
  return [
    ...(account
      ? []
      : [create({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: ACCOUNT, namespace: name } })]),
    ...(ca === undefined ? [] : rootCaActions(name!, rootCa, ca)),
  ]
}

function rootCaActions(namespace: string, present: ConfigMap | undefined, ca: string): readonly Action[] {
  const data = { [CA_KEY]: ca }
  if (!present) {
    const object: ConfigMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: ROOT_CA, namespace }, data }
    return [create(object)]
  }
  return present.data?.[CA_KEY] === ca ? [] : [{ kind: 'update', object: { ...present, data } as ConfigMap }]
}

export function namespaceDefaultsController(context: ControllerContext, ca: string | undefined): Controller {
  const { informers, newQueue, log } = context
  const { perform } = context.performerFor('namespace-defaults')
  const namespaces = informers.of<Namespace>('v1', 'Namespace')
  const accounts = informers.of<ServiceAccount>('v1', 'ServiceAccount')
  const configMaps = informers.of<ConfigMap>('v1', 'ConfigMap')
  const queue = newQueue()

  namespaces.on('add', ({ metadata }) => queue.add(metadata.name!))
  accounts.on('delete', ({ metadata }) => metadata.name === ACCOUNT && queue.add(metadata.namespace!))
  configMaps.on('delete', ({ metadata }) => metadata.name === ROOT_CA && queue.add(metadata.namespace!))
  configMaps.on('update', ({ metadata }) => metadata.name === ROOT_CA && queue.add(metadata.namespace!))

  async function reconcile(name: string): Promise<number | undefined> {
    const namespace = namespaces.get(undefined, name)
    if (!namespace) return undefined
    const account = accounts.get(name, ACCOUNT)
    return perform(reconcileDefaults({ namespace, account, rootCa: configMaps.get(name, ROOT_CA) }, ca))
  }

  const all = [namespaces, accounts, configMaps]
  return {
    name: 'namespace-defaults',
    queue,
    ready: () => Promise.all(all.map(({ synced }) => synced)),
    reconcile,
    log,
  }
}
