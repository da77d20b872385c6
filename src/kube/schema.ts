/**
 * Structural schemas (apiextensions v1): the one description of a shape from which `spec/` parses, the API server prunes, defaults and
 * validates custom resources, and `explain` speaks. A structural schema gives every field exactly one type.
 */
export interface StructuralSchema {
  readonly type?: 'object' | 'array' | 'string' | 'integer' | 'number' | 'boolean'
  readonly description?: string
  readonly properties?: Readonly<Record<string, StructuralSchema>>
  readonly additionalProperties?: StructuralSchema | boolean
  readonly required?: readonly string[]
  readonly items?: StructuralSchema
  readonly enum?: readonly unknown[]
  readonly default?: unknown
  readonly nullable?: boolean
  readonly format?: string
  readonly pattern?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly exclusiveMinimum?: boolean
  readonly exclusiveMaximum?: boolean
  readonly minLength?: number
  readonly maxLength?: number
  readonly minItems?: number
  readonly maxItems?: number
  readonly minProperties?: number
  readonly maxProperties?: number
  readonly uniqueItems?: boolean
  readonly multipleOf?: number
  /** Conditions on values: they add to what is said beside them and define no fields of their own. */
  readonly allOf?: readonly StructuralSchema[]
  readonly anyOf?: readonly StructuralSchema[]
  readonly oneOf?: readonly StructuralSchema[]
  readonly not?: StructuralSchema
  readonly 'x-kubernetes-validations'?: readonly ValidationRule[]
  readonly 'x-kubernetes-int-or-string'?: boolean
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean
  readonly 'x-kubernetes-embedded-resource'?: boolean
  readonly 'x-kubernetes-list-type'?: 'atomic' | 'set' | 'map'
  readonly 'x-kubernetes-list-map-keys'?: readonly string[]
  readonly 'x-kubernetes-map-type'?: 'granular' | 'atomic'
  /** Strategic merge patch, built-in kinds only: the field that tells items apart, and how lists meet (`merge`, `retainKeys`). */
  readonly 'x-kubernetes-patch-merge-key'?: string
  readonly 'x-kubernetes-patch-strategy'?: string
}

/** A rule in CEL about a value and what is below it. */
export interface ValidationRule {
  readonly rule: string
  readonly message?: string
  readonly messageExpression?: string
  readonly reason?: string
  readonly fieldPath?: string
  readonly optionalOldSelf?: boolean
}

/** One thing that a value breaks: the field's path from the root, and upstream's wording of the cause. */
export interface SchemaViolation {
  readonly path: readonly (string | number)[]
  readonly reason:
    | 'FieldValueRequired'
    | 'FieldValueInvalid'
    | 'FieldValueNotSupported'
    | 'FieldValueTypeInvalid'
    | 'FieldValueForbidden'
    | 'FieldValueDuplicate'
    | 'FieldValueTooLong'
    | 'FieldValueTooMany'
  readonly value?: unknown
  /** The field in upstream's notation, where that is not the path's usual one: a key of a map in brackets. */
  readonly field?: string
  /** Where the value stands that is wrong, where `path` does not say so: a required field's object, a condition's value. */
  readonly at?: readonly (string | number)[]
  /** What the schema asks for, in upstream's words without the value; `causeMessage` puts both together. */
  readonly detail: string
}
