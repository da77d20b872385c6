/**
 * The rules of a structural schema (`x-kubernetes-validations`), compiled once: which do not compile, and what a value breaks
 * (apiextensions-apiserver's schema/cel). Transition rules see the old value where there is one to compare with.
 */

import { compileExpression } from './cel/compile.ts'
import { OBJECT_BUDGET, PER_CALL_LIMIT } from './cel/limits.ts'
import type { Program } from './cel/program.ts'
import { schemaType } from './cel/schema-type.ts'
import { type CelType, optionalOf } from './cel/types.ts'
import { fromJson, NONE, Optional } from './cel/values.ts'
import type { SchemaViolation, StructuralSchema, ValidationRule } from './schema.ts'
import { isUnchanged, oldField, oldItem } from './schema-correlate.ts'
import { OMITTED } from './schema-validate.ts'

type Path = (string | number)[]

interface Rule {
  readonly source: ValidationRule
  readonly program: Program
  readonly message: Program | undefined
  readonly fieldPath: Path
  readonly usesOldSelf: boolean
}

/** Only the parts of a schema that have rules, or have parts that do. */
interface Node {
  readonly schema: StructuralSchema
  readonly type: CelType | undefined
  readonly rules: readonly Rule[]
  readonly properties: ReadonlyMap<string, Node>
  readonly values: Node | undefined
  readonly items: Node | undefined
}

export interface CompiledRules {
  /** What an object breaks; what an update did not touch is in `warnings`. */
  validate(
    value: unknown,
    old: unknown,
  ): { readonly violations: SchemaViolation[]; readonly warnings: SchemaViolation[] }
}

/** A rule that does not compile, with the words for the field that holds it. */
export interface RuleProblem {
  readonly key: 'rule' | 'messageExpression'
  readonly detail: string
}

/** Undefined where the schema has no rules. Rules that do not compile are left out: `compileRule` tells of them. */
export function compileRules(schema: StructuralSchema): CompiledRules | undefined {
  const root = compileNode(schema, true)
  return root && { validate: (value, old) => new Run(schema, value, old).result(root) }
}

function compileNode(schema: StructuralSchema, isRoot = false): Node | undefined {
  const isWhole = isRoot || schema['x-kubernetes-embedded-resource'] === true
  const { properties = {}, additionalProperties, items } = schema
  const children = new Map<string, Node>()
  for (const [name, property] of Object.entries(properties)) {
    const child = compileNode(property)
    if (child) children.set(name, child)
  }
  const values = typeof additionalProperties === 'object' ? compileNode(additionalProperties) : undefined
  const item = items && compileNode(items)
  const sources = schema['x-kubernetes-validations'] ?? []
  if (sources.length === 0 && children.size === 0 && !values && !item) return undefined
  const type = sources.length > 0 ? schemaType(schema, 'self', isWhole) : undefined
  const rules = type ? sources.flatMap(source => compileRule(source, type).rule ?? []) : []
  return { schema, type, rules, properties: children, values, items: item }
}

export interface CompiledRule {
  readonly rule?: Rule
  readonly problems: readonly RuleProblem[]
  readonly usesOldSelf: boolean
}

export function compileRule(source: ValidationRule, type: CelType): CompiledRule {
  const variables = new Map([
    ['self', type],
    ['oldSelf', source.optionalOldSelf ? optionalOf(type) : type],
  ])
  const compiled = compileExpression(source.rule, variables)
  if ('issues' in compiled) {
    return { problems: [{ key: 'rule', detail: `compilation failed: ${compiled.issues}` }], usesOldSelf: false }
  }
  const { program } = compiled
  const usesOldSelf = program.reads.has('oldSelf')
  if (program.type.name !== 'bool') {
    return { problems: [{ key: 'rule', detail: 'cel expression must evaluate to a bool' }], usesOldSelf }
  }
  const message = source.messageExpression ? compileExpression(source.messageExpression, variables) : undefined
  if (message && 'issues' in message) {
    const detail = `messageExpression compilation failed: ${message.issues}`
    return { problems: [{ key: 'messageExpression', detail }], usesOldSelf }
  }
  if (message && message.program.type.name !== 'string') {
    const detail = 'messageExpression must evaluate to a string'
    return { problems: [{ key: 'messageExpression', detail }], usesOldSelf }
  }
  const fieldPath = source.fieldPath ? parseRulePath(source.fieldPath) : []
  return { rule: { source, program, message: message?.program, fieldPath, usesOldSelf }, problems: [], usesOldSelf }
}

/** `.spec.a` and `.labels['a.b']`. */
export const parseRulePath = (path: string): Path =>
  [...path.matchAll(/\.([^.[\]]+)|\['((?:[^'\\]|\\.)*)'\]/g)].map(
    ([, field, key]) => field ?? (key ?? '').replace(/\\(.)/g, '$1'),
  )

const NO_BUDGET = 'validation failed due to running out of cost budget, no further validation rules will be run'

/** One walk over one object, with one budget. */
class Run {
  readonly #schema: StructuralSchema
  readonly #value: unknown
  readonly #old: unknown
  readonly #violations: SchemaViolation[] = []
  readonly #warnings: SchemaViolation[] = []
  readonly #path: Path = []
  /** The path as upstream writes it. */
  readonly #names: string[] = []
  #budget = OBJECT_BUDGET

  constructor(schema: StructuralSchema, value: unknown, old: unknown) {
    this.#schema = schema
    this.#value = value
    this.#old = old
  }

  result(root: Node) {
    this.#visit(root, this.#value, this.#old)
    return { violations: this.#violations, warnings: this.#warnings }
  }

  #visit(node: Node, value: unknown, old: unknown): void {
    if (value === null || value === undefined || this.#budget < 0) return
    this.#evaluate(node, value, old)
    if (Array.isArray(value)) {
      const { items } = node
      if (items) value.forEach((item, i) => this.#enter(i, `[${i}]`, items, item, oldItem(node.schema, old, item)))
      return
    }
    if (typeof value !== 'object') return
    if (node.values) {
      for (const name of Object.keys(value)) this.#field(name, `[${name}]`, node.values, value, old)
    }
    for (const [name, child] of node.properties)
      if (Object.hasOwn(value, name)) this.#field(name, `.${name}`, child, value, old)
  }

  #field(name: string, shown: string, node: Node, value: object, old: unknown): void {
    this.#enter(name, shown, node, (value as Record<string, unknown>)[name], oldField(old, name))
  }

  #enter(step: string | number, shown: string, node: Node, value: unknown, old: unknown): void {
    this.#path.push(step)
    this.#names.push(shown)
    this.#visit(node, value, old)
    this.#path.pop()
    this.#names.pop()
  }

  #evaluate({ rules, schema, type }: Node, value: unknown, old: unknown): void {
    if (rules.length === 0 || !type) return
    const self = fromJson(value, type)
    const oldSelf = old === undefined || old === null ? undefined : fromJson(old, type)
    const shownType = schema.type ?? ''
    for (const rule of rules) {
      const { source, program, usesOldSelf } = rule
      if (usesOldSelf && oldSelf === undefined && !source.optionalOldSelf) continue
      const before = source.optionalOldSelf ? (oldSelf === undefined ? NONE : new Optional(oldSelf)) : (oldSelf ?? null)
      const variables = { self, oldSelf: before }
      const outcome = program.run(variables, Math.min(PER_CALL_LIMIT, Math.max(0, this.#budget)))
      this.#budget -= outcome.cost
      if (outcome.kind === 'expensive' || this.#budget < 0) {
        const isOne = outcome.kind === 'expensive' && outcome.cost > PER_CALL_LIMIT
        const why = isOne
          ? `'${outcome.message}': no further validation rules will be run due to call cost exceeds limit for rule: ${shownRule(source)}`
          : NO_BUDGET
        this.#violations.push(this.#invalid(shownType, why))
        this.#budget = -1
        return
      }
      if (outcome.kind === 'failed') {
        this.#violations.push(this.#invalid(shownType, failure(outcome.message, source)))
      } else if (outcome.value !== true) {
        this.#add(rule, value, this.#messageOf(rule, variables))
      }
    }
  }

  #invalid(value: unknown, detail: string): SchemaViolation {
    return { path: [...this.#path], field: this.#shown([]), reason: 'FieldValueInvalid', value, detail }
  }

  #shown(below: Path): string {
    return [...this.#names, ...below.map(step => `.${step}`)].join('').replace(/^\./, '') || '<nil>'
  }

  #add({ source, fieldPath, usesOldSelf }: Rule, value: unknown, detail: string): void {
    const violation: SchemaViolation = {
      path: [...this.#path, ...fieldPath],
      at: [...this.#path],
      field: this.#shown(fieldPath),
      reason: REASONS.find(reason => reason === source.reason) ?? 'FieldValueInvalid',
      value: typeof value === 'object' ? OMITTED : value,
      detail,
    }
    const isOld =
      !usesOldSelf && this.#old !== undefined && isUnchanged(this.#schema, this.#value, this.#old, this.#path)
    if (isOld) this.#warnings.push(violation)
    else this.#violations.push(violation)
  }

  #messageOf({ source, message }: Rule, variables: Parameters<Program['run']>[0]): string {
    const outcome = message?.run(variables, Math.max(0, Math.min(PER_CALL_LIMIT, this.#budget)))
    if (outcome) this.#budget -= outcome.cost
    const text = outcome?.kind === 'value' && typeof outcome.value === 'string' ? outcome.value.trim() : ''
    if (text !== '' && text.length <= MAX_MESSAGE && !text.includes('\n')) return text
    return source.message ? source.message.trim() : `failed rule: ${shownRule(source)}`
  }
}

const MAX_MESSAGE = 5 * 1024
const REASONS = ['FieldValueForbidden', 'FieldValueRequired', 'FieldValueDuplicate'] as const

const shownRule = ({ rule, message }: ValidationRule): string => (message ? message.trim() : rule.trim())

function failure(message: string, source: ValidationRule): string {
  return message.startsWith('no such overload')
    ? `'${message}': call arguments did not match a supported operator, function or macro signature for rule: ${shownRule(source)}`
    : `${message} evaluating rule: ${shownRule(source)}`
}
