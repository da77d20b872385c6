/** Our answers to the cases beside Kubernetes', in a form in which they can be compared. */
import { applyConflict } from '../../../src/kube/apply/conflict.ts'
import { type FieldSet, pathsOf } from '../../../src/kube/apply/field-set.ts'
import { recordUpdate } from '../../../src/kube/apply/record-update.ts'
import { serverSideApply } from '../../../src/kube/apply/server-side-apply.ts'
import { builtInSchema } from '../../../src/kube/built-in-schema.ts'
import { isRecord } from '../../../src/kube/equal.ts'
import type { UnknownObject } from '../../../src/kube/object.ts'
import { applyStrategicMergePatch } from '../../../src/kube/patch/strategic-merge.ts'
import { decodeProtobuf } from '../../../src/kube/protobuf/decode-protobuf.ts'
import type { ApplyCase, PatchCase } from './cases.ts'

export interface Answer {
  readonly object?: unknown
  readonly error?: string
}

/** An object of a kind, filled at random by Kubernetes' own fuzzer, in both of its encodings; `protobuf` in base64. */
export interface FilledCase {
  readonly fill: { readonly apiVersion: string; readonly kind: string; readonly seed: number }
}

export type Recorded =
  | {
      readonly kind: 'protobuf'
      readonly case: FilledCase
      readonly upstream: { readonly json: unknown; readonly protobuf: string }
    }
  | { readonly kind: 'patch'; readonly case: PatchCase; readonly upstream: Answer }
  | { readonly kind: 'apply'; readonly case: ApplyCase; readonly upstream: readonly Answer[] }

const POD = builtInSchema('v1', 'Pod')!

/** What Kubernetes answered and what we answer; equal when all is well. */
export function sideBySide(recorded: Recorded): { readonly upstream: unknown; readonly ours: unknown } {
  if (recorded.kind === 'patch') {
    const { document, patch } = recorded.case
    return {
      upstream: patched(recorded.upstream.object),
      ours: patched(applyStrategicMergePatch(document, patch, POD)),
    }
  }
  if (recorded.kind === 'protobuf') {
    const { json, protobuf } = recorded.upstream
    return { upstream: withoutEmpty(json), ours: withoutEmpty(decodeProtobuf(Buffer.from(protobuf, 'base64'))) }
  }
  return { upstream: recorded.upstream.map(viewOf), ours: runSteps(recorded.case).map(viewOf) }
}

function runSteps({ steps, schema = POD }: ApplyCase): readonly Answer[] {
  let live: UnknownObject | undefined
  return steps.map(({ op, manager, force, object: sent }) => {
    const object = sent as unknown as UnknownObject
    if (op === 'update') live = recordUpdate({ before: live, after: object, manager, schema, now: 0 })
    else {
      const outcome = serverSideApply({ live, applied: object, manager, force, schema, now: 0 })
      if (outcome.kind === 'conflicts') return { object: live, error: applyConflict(outcome.conflicts).message }
      live = outcome.object
    }
    return { object: live }
  })
}

/** Upstream leaves directives and nulls inside what is new; decoding drops them there. */
function patched(value: unknown): unknown {
  if (Array.isArray(value)) return value.filter(item => !isRecord(item) || item.$patch === undefined).map(patched)
  if (!isRecord(value)) return value
  const kept = Object.entries(value).filter(([key, field]) => field !== null && !key.startsWith('$'))
  return Object.fromEntries(kept.map(([key, field]) => [key, patched(field)]))
}

/** What Go's JSON has as null or [] is absent in protobuf; in a map of bytes null is an empty value. */
function withoutEmpty(value: unknown, isBytes = false): unknown {
  if (Array.isArray(value)) return value.map(item => withoutEmpty(item))
  if (!isRecord(value)) return value
  const filledIn = Object.entries(value).map(([key, field]) => [key, field === null && isBytes ? '' : field] as const)
  const kept = filledIn.filter(([, field]) => field !== null && !(Array.isArray(field) && field.length === 0))
  return Object.fromEntries(
    kept.map(([key, field]) => [key, withoutEmpty(field, key === 'data' || key === 'binaryData')]),
  )
}

/** The object, and who claims what; without times, and without what holds nothing (nil and empty are one in Go). */
function viewOf({ object, error }: Answer): unknown {
  const { managedFields = [], ...metadata } = (object as UnknownObject).metadata
  return {
    object: filled({ ...(object as object), metadata }),
    claims: managedFields
      .map(entry => `${entry.manager} ${entry.operation}: ${[...pathsOf(entry.fieldsV1 as FieldSet)].sort().join(' ')}`)
      .sort(),
    error: error
      ?.replace(/ at \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g, '')
      .split('\n')
      .sort(),
  }
}

function filled(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(filled)
  if (!isRecord(value)) return value
  const fields = Object.entries(value).map(([key, field]) => [key, filled(field)] as const)
  return Object.fromEntries(
    fields.filter(
      ([, field]) => field !== null && !(typeof field === 'object' && Object.keys(field as object).length === 0),
    ),
  )
}
