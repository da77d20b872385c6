/** One item of a file to the cluster: our kinds through our controller where there is one, compiled here once where there is none. */
import { type Applied, applyDeclaration, applyObject, hasOperator } from './apply.ts'
import type { Item } from './declared.ts'
import type { Target } from './target.ts'

export async function applyItem(
  target: Target,
  item: Item,
  choice: { readonly dryRun: boolean; readonly force: boolean },
): Promise<readonly Applied[]> {
  const { api } = target
  if (item.kind === 'object') {
    const kind = await api.discovery.kind(item.object.apiVersion, item.object.kind)
    const namespace = kind.namespaced ? { namespace: target.namespace } : {}
    return [await applyObject(api, { ...item.object, metadata: { ...namespace, ...item.object.metadata } }, choice)]
  }
  if (await hasOperator(target)) return applyDeclaration(api, item.declaration, item.code, choice)
  const { compiledFor } = await import('./compiled.ts')
  const objects = await compiledFor(target, item)
  const done: Applied[] = []
  for (const object of objects) done.push(await applyObject(api, object, choice))
  return done
}
