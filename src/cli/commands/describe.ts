/** `solvent describe`: an object in fields, then its events. */
import { gunzipSync } from 'node:zlib'
import type { ConfigMap, Event } from '../../kube/core.ts'
import { OWNER_KIND, OWNER_NAME, PLAN_KEY } from '../../kube/names.ts'
import type { UnknownObject } from '../../kube/object.ts'
import { API_VERSION } from '../../spec/kinds.ts'
import { chosenFrom, fetchChosen } from '../chosen.ts'
import type { Invocation } from '../command.ts'
import { declarationFields, type PlanReasons } from '../describe/declarations.ts'
import { type Field, fieldLines, table } from '../describe/fields.ts'
import { genericFields, headFields } from '../describe/generic.ts'
import { podFields } from '../describe/pod.ts'
import { EXIT } from '../exit.ts'
import { byTime, describedEventRow } from '../render/events.ts'
import { openTarget, type Target } from '../target.ts'

export async function run(invocation: Invocation): Promise<number> {
  const { args, flags, terminal } = invocation
  const target = await openTarget(invocation)
  const chosen = await chosenFrom(target, args, flags)
  const objects = (await Promise.all(chosen.map(each => fetchChosen(target, each, flags)))).flat()
  if (objects.length === 0) terminal.note(`No resources found in ${target.namespace} namespace.`)
  const now = Date.now()
  for (const [i, object] of objects.entries()) {
    if (i > 0) terminal.print('\n')
    const fields = [...(await fieldsOf(target, object, now)), await eventsField(target, object, now)]
    for (const line of fieldLines(fields)) terminal.print(line)
  }
  return EXIT.ok
}

async function fieldsOf(target: Target, object: UnknownObject, now: number): Promise<readonly Field[]> {
  if (object.apiVersion === 'v1' && object.kind === 'Pod') return podFields(object, now, target.embedded)
  const declared =
    object.apiVersion === API_VERSION ? declarationFields(object, now, await storedPlan(target, object)) : undefined
  return declared ?? [...headFields(object, now), ...genericFields(object)]
}

/** The plan as its ConfigMap holds it; describe says why it is as it is. */
async function storedPlan({ api }: Target, { kind, metadata }: UnknownObject): Promise<PlanReasons | undefined> {
  const labelSelector = `${OWNER_KIND}=${kind.toLowerCase()},${OWNER_NAME}=${metadata.name}`
  const maps = await api.list<ConfigMap>(
    { apiVersion: 'v1', kind: 'ConfigMap', namespace: metadata.namespace },
    { labelSelector },
  )
  for (const { data, binaryData } of maps.items) {
    const zipped = binaryData?.[PLAN_KEY]
    const text = zipped ? gunzipSync(Buffer.from(zipped, 'base64')).toString() : data?.['plan.json']
    if (text) return { reasons: (JSON.parse(text) as Partial<PlanReasons>).reasons ?? [] }
  }
  return undefined
}

async function eventsField({ api }: Target, { kind, metadata }: UnknownObject, now: number): Promise<Field> {
  const fieldSelector = [
    `involvedObject.kind=${kind}`,
    `involvedObject.name=${metadata.name}`,
    ...(metadata.uid ? [`involvedObject.uid=${metadata.uid}`] : []),
  ].join(',')
  const collection = { apiVersion: 'v1', kind: 'Event', namespace: metadata.namespace }
  const { items } = await api.list<Event>(collection, { fieldSelector })
  if (items.length === 0) return ['Events', '<none>']
  const titles = ['Type', 'Reason', 'Age', 'From', 'Message']
  return [
    'Events',
    table(
      titles,
      byTime(items).map(event => describedEventRow(event, now)),
    ),
  ]
}
