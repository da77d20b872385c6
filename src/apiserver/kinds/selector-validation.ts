/** LabelSelectors of workloads, and whether they pick the pods of their own template. */
import type { PodTemplateSpec } from '../../kube/core.ts'
import { isSame } from '../../kube/equal.ts'
import type { LabelSelector } from '../../kube/object.ts'
import { selects } from '../../kube/selector.ts'
import { denied, invalid, required } from '../resource/field-error.ts'
import { checkName, labelValue, qualifiedName } from './names.ts'
import { type Errors, when } from './small-rules.ts'

export function validateSelector({ matchLabels = {}, matchExpressions = [] }: LabelSelector, field: string): Errors {
  return [
    ...Object.entries(matchLabels).flatMap(([key, value]) => [
      ...checkName(qualifiedName, `${field}.matchLabels`, key),
      ...checkName(labelValue, `${field}.matchLabels`, value),
    ]),
    ...matchExpressions.flatMap(({ key, operator, values = [] }, i) => {
      const at = `${field}.matchExpressions[${i}]`
      const needsValues = operator === 'In' || operator === 'NotIn'
      const takesNone = operator === 'Exists' || operator === 'DoesNotExist'
      return [
        ...when(
          needsValues && values.length === 0,
          required(`${at}.values`, "must be specified when `operator` is 'In' or 'NotIn'"),
        ),
        ...when(
          takesNone && values.length > 0,
          denied(`${at}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"),
        ),
        ...when(!needsValues && !takesNone, invalid(`${at}.operator`, operator, 'not a valid selector operator')),
        ...checkName(qualifiedName, `${at}.key`, key),
      ]
    }),
  ]
}

interface Selecting {
  readonly selector?: LabelSelector | undefined
  readonly template?: PodTemplateSpec | undefined
}

/** The selector of a workload that keeps pods, which may not be empty. */
export function validateOwnSelector({ selector, template }: Selecting, kind: string): Errors {
  if (!selector) return [required('spec.selector'), ...matchesTemplate(undefined, template)]
  const wrong = validateSelector(selector, 'spec.selector')
  if (wrong.length > 0) return [...wrong, invalid('spec.selector', selector, 'invalid label selector')]
  return isSame(selector, {})
    ? [invalid('spec.selector', selector, `empty selector is invalid for ${kind}`)]
    : matchesTemplate(selector, template)
}

export function matchesTemplate(selector: LabelSelector | undefined, template: PodTemplateSpec | undefined): Errors {
  const labels = template?.metadata?.labels
  if (selector && selects(selector, labels ?? {})) return []
  return [
    invalid(
      'spec.template.metadata.labels',
      labels ? sortedByKey(labels) : null,
      '`selector` does not match template `labels`',
    ),
  ]
}

/** As Go prints a map. */
export const sortedByKey = <T>(map: Readonly<Record<string, T>>): Record<string, T> =>
  Object.fromEntries(Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1)))
