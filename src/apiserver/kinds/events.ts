/** Events are stored once and seen under two names: core/v1 (as they are stored) and events.k8s.io/v1, which calls fields otherwise. */
import type { Event } from '../../kube/core.ts'
import { isSame } from '../../kube/equal.ts'
import type { UnknownObject } from '../../kube/object.ts'
import { type FieldError, invalid, required } from '../resource/field-error.ts'
import type { Strategy } from '../resource/resource.ts'
import { checkName, qualifiedName } from './names.ts'
import { type Errors, when } from './small-rules.ts'

/** The stored name, and the one in events.k8s.io. */
const RENAMED: readonly (readonly [stored: string, seen: string])[] = [
  ['involvedObject', 'regarding'],
  ['message', 'note'],
  ['reportingComponent', 'reportingController'],
  ['source', 'deprecatedSource'],
  ['firstTimestamp', 'deprecatedFirstTimestamp'],
  ['lastTimestamp', 'deprecatedLastTimestamp'],
  ['count', 'deprecatedCount'],
]

const byStored = new Map(RENAMED)
const bySeen = new Map(RENAMED.map(([stored, seen]) => [seen, stored]))

/** Go leaves these out where they are empty; the stored form has them always. */
const OPTIONAL = new Set(['reportingController', 'reportingInstance'])

const withoutEmpty = (object: UnknownObject): UnknownObject =>
  Object.fromEntries(
    Object.entries(object).filter(([key, value]) => !(OPTIONAL.has(key) && value === '')),
  ) as UnknownObject

const rename = (object: UnknownObject, names: ReadonlyMap<string, string>, apiVersion: string): UnknownObject => ({
  ...(Object.fromEntries(
    Object.entries(object).map(([key, value]) => [names.get(key) ?? key, value]),
  ) as UnknownObject),
  apiVersion,
})

export const EVENT_CONVERSION = {
  fromStored: (object: UnknownObject): UnknownObject => withoutEmpty(rename(object, byStored, 'events.k8s.io/v1')),
  toStored: (object: UnknownObject): UnknownObject => rename(object, bySeen, 'v1'),
}

type Written = Event & {
  readonly series?: { readonly count?: number; readonly lastObservedTime?: string }
  readonly reportingComponent?: string
  readonly reportingInstance?: string
  readonly action?: string
}

/** What is wrong with an Event in either form (pkg/apis/core/validation/events.go); `reporting` is what its form calls the reporter. */
function validateEvent(event: Written, reporting: string): Errors {
  const { metadata, involvedObject, eventTime } = event
  const about = involvedObject?.namespace ?? ''
  const namespace = metadata.namespace ?? ''
  const elsewhere = invalid('involvedObject.namespace', about, 'does not match event.namespace')
  // What has no namespace is spoken of in `default`, by the system also in its own.
  if (!eventTime) return when(about === '' ? namespace !== 'default' : about !== namespace, elsewhere)
  return [
    ...when(about === '' && namespace !== 'default' && namespace !== 'kube-system', elsewhere),
    ...when(!event.reportingComponent, required(reporting)),
    ...checkName(qualifiedName, reporting, event.reportingComponent ?? ''),
    ...text('reportingInstance', event.reportingInstance, 128),
    ...text('action', event.action, 128),
    ...text('reason', event.reason, 128),
    ...longest('message', event.message, 1024),
  ]
}

const text = (field: string, value: string | undefined, most: number): Errors =>
  value ? longest(field, value, most) : [required(field)]

const longest = (field: string, value: string | undefined, most: number): Errors =>
  when(Buffer.byteLength(value ?? '') > most, invalid(field, '', `can have at most ${most} characters`))

/** Who writes the newer form writes it whole, and nothing of the older one. */
function validateNewEvent(event: Written): Errors {
  const { type = '', firstTimestamp, lastTimestamp, count, source } = event
  const unset = (field: string): FieldError => invalid(field, '', 'needs to be unset')
  return [
    ...validateSeries(event),
    ...when(!event.eventTime, required('eventTime')),
    ...when(type !== 'Normal' && type !== 'Warning', invalid('type', '', `has invalid value: ${type}`)),
    ...when(firstTimestamp, unset('firstTimestamp')),
    ...when(lastTimestamp, unset('lastTimestamp')),
    ...when(count, unset('count')),
    ...when(source?.component || source?.host, unset('source')),
  ]
}

function validateSeries({ series }: Written): Errors {
  if (!series) return []
  return [
    ...when((series.count ?? 0) < 2, invalid('series.count', '', 'should be at least 2')),
    ...when(!series.lastObservedTime, required('series.lastObservedTime')),
  ]
}

const FROZEN =
  'involvedObject reason message source firstTimestamp lastTimestamp count type eventTime action related reportingComponent reportingInstance'.split(
    ' ',
  )

/** Of an Event in the newer form only its series goes on. */
function validateChangedEvent(event: Written, old: Written): Errors {
  const [now, before] = [event, old] as unknown as readonly Record<string, unknown>[]
  return [
    ...(isSame(event.series, old.series) ? [] : validateSeries(event)),
    ...FROZEN.flatMap(field =>
      when(
        !isSame(now?.[field], before?.[field]),
        invalid(
          field === 'reportingComponent' ? 'reportingController' : field,
          now?.[field] ?? null,
          'field is immutable',
        ),
      ),
    ),
  ]
}

export const EVENT: Strategy<Event> = { validate: event => validateEvent(event, 'reportingComponent') }

/** The rules speak of the stored names. */
const asStored = (object: UnknownObject): Written => EVENT_CONVERSION.toStored(object) as unknown as Written

export const NEW_EVENT: Strategy = {
  validate: object => validateEvent(asStored(object), 'reportingController'),
  validateCreate: object => validateNewEvent(asStored(object)),
  validateUpdate: (object, old) => validateChangedEvent(asStored(object), asStored(old)),
}
