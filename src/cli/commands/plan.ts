/** `solvent plan`: the strategy and why, before anything runs. Starts nothing; writes only what `--trace` and `--measured` ask for. */
import { describeBatchPlan } from '../../planner/explain/describe-batch.ts'
import { describeTrainingPlan } from '../../planner/explain/describe-training.ts'
import type { Invocation } from '../command.ts'
import { declaredIn, type Item } from '../declared.ts'
import { EXIT, usageError } from '../exit.ts'
import { hasModel, type Planned, plansOf } from '../planned.ts'
import { formatted } from '../render/objects.ts'
import type { ShownPlan } from '../shown-plan.ts'
import { type Source, sourcesFrom } from '../sources.ts'
import { type Foreseen, foresee } from '../surroundings.ts'

export async function run(invocation: Invocation): Promise<number> {
  const { args, flags } = invocation
  const seen = await foresee(invocation)
  const sources = sourcesFrom(flags, args)
  if (flags.on('compare')) return show(invocation, [await compared(invocation, seen, sources)])
  const items = await itemsOf(invocation, seen, sources)
  const shown: ShownPlan[] = []
  for (const item of items) shown.push(...(await shownPlans(item, items, invocation, seen)))
  if (shown.length === 0)
    invocation.terminal.note('Nothing here needs a plan: plain Kubernetes objects are applied as they are.')
  return show(invocation, shown)
}

const itemsOf = (
  { flags }: Invocation,
  { namespace }: Foreseen,
  sources: readonly Source[],
): Promise<readonly Item[]> => declaredIn(sources, { namespace, insist: flags.has('namespace') })

/** Problems of one job end it all, as a reader of one page expects; `run` and `apply` tell those of all. */
async function shownPlans(
  item: Item,
  items: readonly Item[],
  invocation: Invocation,
  seen: Foreseen,
): Promise<readonly ShownPlan[]> {
  if (hasModel(item)) {
    const { trainingPage } = await import('../training-page.ts')
    return [await trainingPage(item, items, invocation, seen)]
  }
  return (await plansOf([item], seen.surroundings)).map(planned => ({
    lines: describe(planned),
    ...(planned.plan ? { data: { kind: planned.item.declaration.kind, ...planned.plan } } : {}),
  }))
}

async function compared(invocation: Invocation, seen: Foreseen, sources: readonly Source[]): Promise<ShownPlan> {
  if (sources.length !== 2)
    throw usageError(`--compare wants two files, not ${sources.length}: solvent plan --compare a.yaml b.yaml`)
  const { compareFiles } = await import('../training-page.ts')
  const files = await Promise.all(
    sources.map(async source => ({ source, items: await itemsOf(invocation, seen, [source]) })),
  )
  return compareFiles(files, invocation, seen)
}

async function show({ flags, terminal }: Invocation, shown: readonly ShownPlan[]): Promise<number> {
  const format = flags.text('output') ?? 'text'
  if (format !== 'text') {
    const data = shown.flatMap(each => (each.data ? [each.data] : []))
    await terminal.write(await formatted(data.length === 1 ? data[0] : data, format))
    return EXIT.ok
  }
  for (const [i, { lines }] of shown.entries()) {
    if (i > 0) terminal.print('')
    for (const line of lines) terminal.print(line)
  }
  return EXIT.ok
}

function describe(planned: Planned): readonly string[] {
  switch (planned.kind) {
    case 'batch':
      return describeBatchPlan(planned.plan)
    case 'training':
      return describeTrainingPlan(planned.plan)
    case 'server':
      return [`Server ${planned.item.declaration.metadata.name}`, '  a Deployment behind a Service: nothing to plan']
  }
}
