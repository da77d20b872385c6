/**
 * `solvent compile`: the Kubernetes objects that a declaration becomes, ready for `kubectl apply -f -`; with `--for`, the configuration of a
 * training framework.
 */
import type { Framework } from '../../compiler/frameworks/emit.ts'

import { builtInKind } from '../../kube/kinds.ts'
import type { TrainingJob } from '../../spec/training-job.ts'
import type { Invocation } from '../command.ts'
import { compileItems } from '../compiled.ts'
import { declaredIn, type Item } from '../declared.ts'
import { EXIT, exitWithProblems, usageError } from '../exit.ts'
import { placed } from '../placed.ts'
import { plansOf, type Surroundings } from '../planned.ts'
import { listOf, toJson, toYaml } from '../render/objects.ts'
import { qualifiedName } from '../resources.ts'
import { sourcesFrom } from '../sources.ts'
import { foresee } from '../surroundings.ts'
import type { Terminal } from '../terminal.ts'

export async function run(invocation: Invocation): Promise<number> {
  const { args, flags, terminal } = invocation
  const { namespace, surroundings, capabilities } = await foresee(invocation)
  const items = await declaredIn(sourcesFrom(flags, args), { namespace, insist: flags.has('namespace') })
  const framework = flags.text('for')
  if (framework !== undefined) return writeConfiguration(framework as Framework, items, surroundings, terminal)
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

/** One job, one file: to stdout, what the reader must add to stderr. */
async function writeConfiguration(
  framework: Framework,
  items: readonly Item[],
  surroundings: Surroundings,
  terminal: Terminal,
): Promise<number> {
  const { emittedFor, plannedFor } = await import('../emitted.ts')
  const meant = items.map(item => plannedFor(framework, item))
  const jobs = (await plansOf(meant, surroundings)).filter(planned => planned.kind === 'training')
  if (jobs.length !== 1)
    throw usageError(`--for wants one TrainingJob; there ${jobs.length === 0 ? 'is none' : `are ${jobs.length}`}`)
  const { item, plan } = jobs[0]!
  const emitted = emittedFor(framework, item.declaration as TrainingJob, plan)
  if (!emitted.ok) throw exitWithProblems(emitted.problems.map(each => placed(item, each)))
  await terminal.write(emitted.value.text)
  for (const note of emitted.value.notes) terminal.note(terminal.noteStyle.dim(note))
  return EXIT.ok
}
