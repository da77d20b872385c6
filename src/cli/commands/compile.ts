/** `solvent compile`: the Kubernetes objects that a declaration becomes, ready for `kubectl apply -f -`. */

import { builtInKind } from '../../kube/kinds.ts'
import type { Invocation } from '../command.ts'
import { compileItems } from '../compiled.ts'
import { declaredIn } from '../declared.ts'
import { EXIT } from '../exit.ts'
import { listOf, toJson, toYaml } from '../render/objects.ts'
import { qualifiedName } from '../resources.ts'
import { sourcesFrom } from '../sources.ts'
import { foresee } from '../surroundings.ts'

export async function run(invocation: Invocation): Promise<number> {
  const { args, flags, terminal } = invocation
  const { namespace, surroundings, capabilities } = await foresee(invocation)
  const items = await declaredIn(sourcesFrom(flags, args), { namespace, insist: flags.has('namespace') })
  const objects = await compileItems(items, surroundings, capabilities)
  const format = flags.text('output') ?? 'yaml'
  if (format === 'yaml') await terminal.write((await Promise.all(objects.map(toYaml))).join('---\n'))
  else if (format === 'json') await terminal.write(toJson(objects.length === 1 ? objects[0] : listOf(objects)))
  else {
    for (const { apiVersion, kind, metadata } of objects) {
      const info = builtInKind(apiVersion, kind) ?? { group: apiVersion.split('/')[0]!, singular: kind.toLowerCase() }
      terminal.print(qualifiedName(info, metadata.name ?? ''))
    }
  }
  return EXIT.ok
}
