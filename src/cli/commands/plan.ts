/** `solvent plan`: the parallel strategy and why, before anything runs. Starts nothing and writes nothing. */

import { describeBatchPlan } from '../../planner/explain/describe-batch.ts'
import { describeTrainingPlan } from '../../planner/explain/describe-training.ts'
import type { Invocation } from '../command.ts'
import { declaredIn } from '../declared.ts'
import { EXIT } from '../exit.ts'
import { type Planned, plansOf } from '../planned.ts'
import { formatted } from '../render/objects.ts'
import { sourcesFrom } from '../sources.ts'
import { foresee } from '../surroundings.ts'

export async function run(invocation: Invocation): Promise<number> {
  const { args, flags, terminal } = invocation
  const { namespace, surroundings } = await foresee(invocation)
  const items = await declaredIn(sourcesFrom(flags, args), { namespace, insist: flags.has('namespace') })
  const planned = await plansOf(items, surroundings)
  const format = flags.text('output') ?? 'text'
  if (format !== 'text') {
    const plans = planned.flatMap(({ item, plan }) => (plan ? [{ kind: item.declaration.kind, ...plan }] : []))
    await terminal.write(await formatted(plans.length === 1 ? plans[0] : plans, format))
    return EXIT.ok
  }
  for (const [i, each] of planned.entries()) {
    if (i > 0) terminal.print('')
    for (const line of describe(each)) terminal.print(line)
  }
  if (planned.length === 0)
    terminal.note('Nothing here needs a plan: plain Kubernetes objects are applied as they are.')
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
