/** Our kinds for people: what was declared in a line, the plan and why, how far it is, how it ended. */
import { formatBytes, plural } from '../../base/units.ts'
import type { UnknownObject } from '../../kube/object.ts'
import type { Reason } from '../../planner/batch/plan.ts'
import type { BatchJob, FunctionRef, Server, TrainingJob } from '../../spec/kinds.ts'
import { placeText } from '../render/places.ts'
import { type Field, lines, pairs, table } from './fields.ts'
import { ageOf, conditionsField, headFields } from './generic.ts'

/** The reasons of the stored plan, where there is one. */
export interface PlanReasons {
  readonly reasons: readonly Reason[]
}

export function declarationFields(
  object: UnknownObject,
  now: number,
  plan: PlanReasons | undefined,
): readonly Field[] | undefined {
  const body = BODIES[object.kind]
  return body ? [...headFields(object, now), ...body(object, now, plan?.reasons ?? [])] : undefined
}

type Body = (object: UnknownObject, now: number, reasons: readonly Reason[]) => readonly Field[]

const BODIES: Readonly<Record<string, Body>> = {
  BatchJob: (object, now, reasons) => batchFields(object as unknown as BatchJob, now, reasons),
  TrainingJob: (object, now, reasons) => trainingFields(object as unknown as TrainingJob, now, reasons),
  Server: object => serverFields(object as unknown as Server),
}

const whyField = (reasons: readonly Reason[]): Field => [
  'Why',
  reasons.length > 0 ? lines(reasons.map(({ choice, because }) => `${choice}: ${because}`)) : undefined,
]

const functionText = ({ module, export: name }: Partial<FunctionRef>): string =>
  `${name} of ${module ? placeText(module) : '?'}`

function batchFields({ spec, status }: BatchJob, now: number, reasons: readonly Reason[]): readonly Field[] {
  const [inputFormat, inputs] = Object.entries(spec.input)[0] ?? ['?', []]
  const [outputFormat, output] = Object.entries(spec.output)[0] ?? ['?', '']
  const { map, reduce } = spec
  return [
    ['Phase', status?.phase ?? 'Pending'],
    ['Input', lines((inputs ?? []).map(uri => `${inputFormat} ${placeText(uri)}`))],
    ['Map', map.sql ?? (map.split ? `split at ${map.split}` : functionText(map))],
    ['Reduce', reduce.by ? `${reduce.by}${reduce.k ? ` ${reduce.k}` : ''}` : functionText(reduce)],
    ['Output', `${outputFormat} ${placeText(output ?? '')}`],
    ['Code', spec.code ? `ConfigMap ${spec.code.configMap}` : undefined],
    ['Plan', status?.plan],
    whyField(reasons),
    ...timeFields(status, now),
    ['Stages', stagesTable(status)],
    ['Result', resultText(status)],
    ['Failure', failureLines(status)],
    conditionsField(status?.conditions),
  ]
}

function stagesTable(status: BatchJob['status']) {
  if (!status?.stages?.length) return undefined
  const rows = status.stages.map(stage => [
    stage.name,
    `${stage.done}/${stage.tasks}`,
    String(stage.running),
    String(stage.retried),
    `${formatBytes(stage.bytesDone)} of ${formatBytes(stage.bytes)}`,
  ])
  return table(['Stage', 'Done', 'Running', 'Retried', 'Bytes'], rows)
}

function resultText(status: BatchJob['status']): string | undefined {
  if (!status?.output) return undefined
  const { uri, files, rows, bytes } = status.output
  return `${plural(rows, 'row')} in ${plural(files, 'file')}, ${formatBytes(bytes)}, ${placeText(uri)}`
}

function failureLines(status: BatchJob['status']) {
  if (!status?.failure) return undefined
  const { message, place, record } = status.failure
  return lines([message, ...(place ? [`at ${placeText(place)}`] : []), ...(record ? [`on ${placeText(record)}`] : [])])
}

function trainingFields({ spec, status }: TrainingJob, now: number, reasons: readonly Reason[]): readonly Field[] {
  const { framework } = spec
  return [
    ['Phase', status?.phase ?? 'Pending'],
    ['Parallelism', pairs(spec.parallelism as Readonly<Record<string, unknown>>, ' ')],
    ['Program', framework.command?.join(' ') ?? (framework.node ? placeText(framework.node.script) : undefined)],
    ['Ranks Per Pod', spec.ranksPerPod],
    ['Ranks', status?.ranks],
    ['Attempt', status?.attempt],
    ['Plan', status?.plan],
    whyField(reasons),
    ...timeFields(status, now),
    conditionsField(status?.conditions),
  ]
}

function serverFields({ spec, status }: Server): readonly Field[] {
  const { min, max } = spec.replicas ?? {}
  return [
    ['Phase', status?.phase ?? 'Pending'],
    ['Command', spec.run.command?.join(' ')],
    ['Module', spec.run.module ? placeText(spec.run.module) : undefined],
    ['Port', spec.run.port],
    ['Replicas', min === max ? min : `${min ?? 1} to ${max ?? '?'}`],
    ['Ready', status ? `${status.readyReplicas ?? 0}/${status.replicas ?? 0}` : undefined],
    ['URL', status?.url],
    ['Rate', status?.requestsPerSecond ? `${status.requestsPerSecond} requests/s` : undefined],
    ['CPU', status?.cpu],
    ['Memory', status?.memory],
    ['Config', spec.config ? pairs(spec.config, ': ') : undefined],
    conditionsField(status?.conditions),
  ]
}

const timeFields = (
  status: { readonly startTime?: string; readonly completionTime?: string } | undefined,
  now: number,
): readonly Field[] => [
  ['Started', status?.startTime ? ageOf(status.startTime, now) : undefined],
  ['Completed', status?.completionTime ? ageOf(status.completionTime, now) : undefined],
]
