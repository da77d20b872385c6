/** A text against a rule for names, with all that is wrong in one message. */
import type { NameRule } from '../kinds/names.ts'
import { type FieldError, invalid } from '../resource/field-error.ts'

export const checked = (field: string, value: string, rule: NameRule, prefix = ''): readonly FieldError[] => {
  const problem = value ? rule(value) : undefined
  return problem === undefined ? [] : [invalid(field, value, prefix + problem)]
}
