/** CreateOptions, UpdateOptions, PatchOptions, DeleteOptions from a query and a body; what is wrong with them is told all at once, as a 422. */
import type { DeleteOptions } from '../../client/kube-api.ts'
import { isRecord } from '../../kube/equal.ts'
import { asTyped } from '../../kube/typed.ts'
import { WrongType } from '../../kube/wrong-type.ts'
import type { FieldValidation } from '../resource/decode.ts'
import {
  denied,
  type FieldError,
  invalid,
  invalidObject,
  notSupported,
  required,
  tooLong,
} from '../resource/field-error.ts'
import { badRequest } from '../resource/refusals.ts'
import type { Query } from './query.ts'

export interface WriteOptions {
  readonly dryRun: boolean
  readonly fieldManager: string
  readonly fieldValidation: FieldValidation
}

export type OptionsKind = 'CreateOptions' | 'UpdateOptions' | 'PatchOptions' | 'DeleteOptions'

function refuseIfWrong(kind: OptionsKind, errors: readonly FieldError[]): void {
  if (errors.length > 0) throw invalidObject({ group: 'meta.k8s.io', kind }, '', errors)
}

const LONGEST_MANAGER = 128

function checkManager(name: string): readonly FieldError[] {
  if (Buffer.byteLength(name) > LONGEST_MANAGER) return [tooLong('fieldManager', LONGEST_MANAGER)]
  const at = [...name].findIndex(letter => !/^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u.test(letter))
  if (at < 0) return []
  const code = (name.codePointAt(at) ?? 0).toString(16).toUpperCase().padStart(4, '0')
  return [invalid('fieldManager', name, `invalid character U+${code} (at position ${at})`)]
}

const checkDryRun = (values: readonly unknown[]): readonly FieldError[] =>
  values.every(value => value === 'All') ? [] : [notSupported('dryRun', values, ['All'])]

const VALIDATIONS = ['', 'Ignore', 'Strict', 'Warn']

/** Who names no manager is known by the program that asks: `kubectl/v1.35…` is `kubectl`. */
export function writeOptions(
  query: Query,
  userAgent: string | undefined,
  kind: OptionsKind,
  isApply = false,
): WriteOptions {
  const manager = query.text('fieldManager')
  const validation = query.text('fieldValidation') ?? ''
  const dryRun = query.parameters.getAll('dryRun')
  refuseIfWrong(kind, [
    ...(kind === 'PatchOptions' && !isApply && query.has('force')
      ? [denied('force', 'may not be specified for non-apply patch')]
      : []),
    ...(isApply && !manager ? [required('fieldManager', 'is required for apply patch')] : []),
    ...checkManager(manager ?? ''),
    ...checkDryRun(dryRun),
    ...(VALIDATIONS.includes(validation) ? [] : [notSupported('fieldValidation', validation, VALIDATIONS)]),
  ])
  return {
    dryRun: dryRun.length > 0,
    fieldManager: manager ?? ((userAgent ?? '').split('/')[0] || 'unknown'),
    fieldValidation: (validation || 'Warn') as FieldValidation,
  }
}

const POLICIES = ['Foreground', 'Background', 'Orphan', 'nil']

/** From the body (a DeleteOptions) or, where there is none, the query. */
export function deleteOptions(body: unknown, query: Query): DeleteOptions {
  const given = body === undefined ? undefined : typedOptions(body)
  const dryRun = (given?.dryRun as readonly unknown[] | undefined) ?? query.parameters.getAll('dryRun')
  const policy = (given?.propagationPolicy as string | undefined) ?? query.text('propagationPolicy')
  const orphans = (given?.orphanDependents as boolean | undefined) ?? query.flag('orphanDependents')
  refuseIfWrong('DeleteOptions', [
    ...(policy !== undefined && orphans !== undefined
      ? [invalid('propagationPolicy', policy, 'orphanDependents and deletionPropagation cannot be both set')]
      : []),
    ...(policy === undefined || (POLICIES.includes(policy) && policy !== 'nil')
      ? []
      : [notSupported('propagationPolicy', policy, POLICIES)]),
    ...checkDryRun(dryRun),
  ])
  const seconds = (given?.gracePeriodSeconds as number | undefined) ?? query.count('gracePeriodSeconds')
  const propagationPolicy = policy ?? (orphans === undefined ? undefined : orphans ? 'Orphan' : 'Background')
  return {
    ...(seconds !== undefined && { gracePeriodSeconds: seconds }),
    ...(propagationPolicy !== undefined && {
      propagationPolicy: propagationPolicy as NonNullable<DeleteOptions['propagationPolicy']>,
    }),
    ...(isRecord(given?.preconditions) && { preconditions: given.preconditions }),
    ...(dryRun.length > 0 && { dryRun: true }),
  }
}

function typedOptions(body: unknown): Record<string, unknown> {
  if (!isRecord(body)) throw badRequest('the body of a DELETE must be a DeleteOptions')
  const { kind = 'DeleteOptions', apiVersion = 'v1' } = body
  if (kind !== 'DeleteOptions') {
    const version = String(apiVersion)
    throw badRequest(`no kind "${kind}" is registered for version "${version}" in scheme "pkg/runtime/scheme.go:111"`)
  }
  try {
    return asTyped('meta/v1.DeleteOptions', body).value as Record<string, unknown>
  } catch (error) {
    if (error instanceof WrongType) throw badRequest(error.message)
    throw error
  }
}
