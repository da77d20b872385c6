/** Reads fields of a config.json one by one and keeps what is missing, so that all of it is told at once. */
import { nearest } from '../../../base/did-you-mean.ts'
import type { Problem } from '../../../base/problem.ts'

export class Fields {
  readonly problems: Problem[] = []
  readonly config: Readonly<Record<string, unknown>>
  readonly modelType: string

  constructor(config: Readonly<Record<string, unknown>>, modelType: string) {
    this.config = config
    this.modelType = modelType
  }

  /** A whole number above 0 under the first of `names` that is there; 1 stands in for a missing one until the problems are told. */
  count(...names: readonly [string, ...string[]]): number {
    const name = names.find(candidate => this.has(candidate))
    if (name === undefined) return this.missing(names[0])
    const value = this.config[name]
    if (typeof value === 'number' && Number.isInteger(value) && value > 0) return value
    this.problems.push({
      field: name,
      what: `is ${JSON.stringify(value)}`,
      why: `a ${this.modelType} model needs a whole number above 0 there`,
      fix: "Take it from the model's own config.json.",
    })
    return 1
  }

  /** As `count`, with a default where the field is absent or null. */
  countOr(fallback: number, ...names: readonly [string, ...string[]]): number {
    const name = names.find(candidate => this.has(candidate))
    if (name === undefined) return fallback
    return this.config[name] === 0 ? 0 : this.count(name)
  }

  flag(name: string, fallback: boolean): boolean {
    const value = this.config[name]
    return typeof value === 'boolean' ? value : fallback
  }

  text(name: string): string | undefined {
    const value = this.config[name]
    return typeof value === 'string' ? value : undefined
  }

  /** A list of words or numbers, one a layer or one a chosen layer; undefined when absent. */
  list(name: string): readonly (string | number)[] | undefined {
    const value = this.config[name]
    return Array.isArray(value) ? value.filter(v => typeof v === 'string' || typeof v === 'number') : undefined
  }

  /** Present and not null: Hugging Face writes null for "not used". */
  has(name: string): boolean {
    return this.config[name] !== undefined && this.config[name] !== null
  }

  private missing(name: string): number {
    const near = nearest(name, Object.keys(this.config))
    this.problems.push({
      field: name,
      what: 'is missing',
      why: `a ${this.modelType} model is not known without it`,
      fix:
        near === undefined
          ? "Take it from the model's own config.json."
          : `There is a field ${near} with the value ${JSON.stringify(this.config[near])}: rename it to ${name} if it means the same.`,
    })
    return 1
  }
}
