/** A batch plan in words: one line for status, a page for `solvent plan`. Prints only what the plan holds. */
import { formatBytes, plural } from '../../base/units.ts'
import { pathOfUri } from '../../spec/resolve/file-uri.ts'
import type { BatchPlan } from '../batch/plan.ts'
import { columns } from './table.ts'

/** `8 splits, 1 to 2 workers, 2 partitions, hash, combine`. */
export function summariseBatchPlan({ strategy }: BatchPlan): string {
  const { numSplits, partitions, workers, aggregate, combine } = strategy
  const range = workers.min === workers.max ? plural(workers.max, 'worker') : `${workers.min} to ${workers.max} workers`
  const parts = [plural(numSplits, 'split'), range, plural(partitions, 'partition'), aggregate]
  return [...parts, ...(combine ? ['combine'] : [])].join(', ')
}

export function describeBatchPlan(plan: BatchPlan): readonly string[] {
  const { input, output, strategy } = plan
  const stages = [
    ['input', `${formatBytes(input.bytes)} of ${input.format} in ${plural(input.files.length, 'file')}`],
    ['map', `${describeMap(plan.map)}, ${plural(strategy.numSplits, 'task')}`],
    ['reduce', `${describeReduce(plan.reduce)}, ${plural(strategy.partitions, 'task')}`],
    ['output', `${output.format} in ${pathOfUri(output.uri)}`],
  ]
  return [
    `BatchJob ${plan.name}`,
    ...columns(stages, '  '),
    '',
    'Strategy',
    ...columns(
      plan.reasons.map(({ choice, because }) => [choice, because]),
      '  ',
    ),
  ]
}

function describeMap(map: BatchPlan['map']): string {
  switch (map.kind) {
    case 'module':
      return `${map.export} of ${lastName(map.module)}`
    case 'split':
      return `split at ${map.pattern}`
    case 'sql':
      return oneLine(map.text)
  }
}

function describeReduce(reduce: BatchPlan['reduce']): string {
  if (reduce.kind === 'module') return `${reduce.export} of ${lastName(reduce.module)}`
  return reduce.k === undefined ? reduce.by : `the ${reduce.k} largest`
}

const lastName = (uri: string): string => pathOfUri(uri).split('/').at(-1) ?? ''

function oneLine(sql: string): string {
  const line = sql.replace(/\s+/g, ' ').trim()
  return line.length > 60 ? `${line.slice(0, 59)}…` : line
}
