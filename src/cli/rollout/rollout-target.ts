/** What `rollout` acts on: Deployments, DaemonSets and StatefulSets; a Server stands for its Deployment. */
import type { UnknownObject } from '../../kube/object.ts'
import { API_VERSION } from '../../spec/kinds.ts'
import { EXIT, Exit, usageError } from '../exit.ts'
import { qualifiedName, refFor, selectionsFrom } from '../resources.ts'
import type { Target } from '../target.ts'

export type RolledKind = 'Deployment' | 'DaemonSet' | 'StatefulSet'

export interface Rolled {
  readonly kind: RolledKind
  /** `deployment.apps/web`. */
  readonly called: string
  readonly object: UnknownObject
}

const KINDS: readonly string[] = ['Deployment', 'DaemonSet', 'StatefulSet']

export async function rolledFrom({ api, namespace }: Target, args: readonly string[]): Promise<readonly Rolled[]> {
  const selections = await selectionsFrom(api, args)
  const wanted = selections.flatMap(({ kind, names }) => {
    const isServer = kind.group === API_VERSION.split('/')[0] && kind.kind === 'Server'
    if (!isServer && !(kind.group === 'apps' && KINDS.includes(kind.kind))) {
      throw new Exit(
        EXIT.usage,
        `there are no rollouts of ${kind.plural}: only of deployments, daemonsets, statefulsets and servers`,
      )
    }
    return names.map(name => ({ kind, name, isServer }))
  })
  if (wanted.length === 0) throw usageError('say which: TYPE/NAME')
  return Promise.all(
    wanted.map(async ({ kind, name, isServer }) => {
      const own = isServer ? await api.discovery.kind('apps/v1', 'Deployment') : kind
      // A Server that is not there is missed under its own name.
      if (isServer) await api.get(refFor(kind, namespace, name))
      const object = await api.get(refFor(own, namespace, name))
      return { kind: own.kind as RolledKind, called: qualifiedName(own, name), object }
    }),
  )
}
