/** Nodes of an earlier life that had more of them: nobody will bring those back, so their objects go (upstream: the cloud's node controller). */
import type { KubeApi } from '../client/kube-api.ts'
import type { Node } from '../kube/core.ts'
import { refOf } from '../kube/object.ts'

export async function forgetNodes(api: KubeApi, first: string, nodes: readonly string[]): Promise<void> {
  const { items } = await api.list<Node>({ apiVersion: 'v1', kind: 'Node' })
  const isOurs = (name: string): boolean => name.startsWith(`${first}-`) && /^\d+$/.test(name.slice(first.length + 1))
  const gone = items.filter(({ metadata: { name = '' } }) => isOurs(name) && !nodes.includes(name))
  await Promise.all(gone.map(node => api.delete(refOf({ ...node, apiVersion: 'v1', kind: 'Node' }))))
}
