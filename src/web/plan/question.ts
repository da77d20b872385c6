/** What the page asks the planner. It lives in the address after `#`, so a link is a question and going back is the one before. */

export interface Question {
  /** Name of a published model, or `own`: then `config` holds a Hugging Face config.json. */
  readonly model: string
  readonly config: string
  /** A fleet preset without its count: `h100`, `gb200-nvl72`. */
  readonly fleet: string
  /** Devices, or racks of an NVL72 fleet. */
  readonly count: number
  readonly sequence: number
  readonly globalBatch: number
  readonly precision: string
  /** Degrees that are fixed by hand; an axis that is absent is planned. */
  readonly fixed: Readonly<Partial<Record<FixableAxis, number>>>
}

export const FIXABLE = ['data', 'tensor', 'context', 'pipeline', 'expert'] as const
export type FixableAxis = (typeof FIXABLE)[number]

const FIRST_QUESTION: Question = {
  model: 'mixtral-8x7b',
  config: '',
  fleet: 'h100',
  count: 64,
  sequence: 4096,
  globalBatch: 1024,
  precision: 'bf16',
  fixed: {},
}

export function toAddress(question: Question): string {
  const { model, config, fleet, count, sequence, globalBatch, precision, fixed } = question
  const fields = new URLSearchParams({
    model,
    fleet,
    count: `${count}`,
    seq: `${sequence}`,
    batch: `${globalBatch}`,
    precision,
  })
  if (model === 'own') fields.set('config', config)
  for (const axis of FIXABLE) if (fixed[axis] !== undefined) fields.set(axis, `${fixed[axis]}`)
  return `#${fields}`
}

/** What an address leaves out or garbles is asked as at first. */
export function fromAddress(hash: string): Question {
  const fields = new URLSearchParams(hash.replace(/^#/, ''))
  const count = (name: string): number | undefined => {
    const value = Number(fields.get(name) ?? Number.NaN)
    return Number.isInteger(value) && value > 0 ? value : undefined
  }
  return {
    model: fields.get('model') ?? FIRST_QUESTION.model,
    config: fields.get('config') ?? FIRST_QUESTION.config,
    fleet: fields.get('fleet') ?? FIRST_QUESTION.fleet,
    count: count('count') ?? FIRST_QUESTION.count,
    sequence: count('seq') ?? FIRST_QUESTION.sequence,
    globalBatch: count('batch') ?? FIRST_QUESTION.globalBatch,
    precision: fields.get('precision') ?? FIRST_QUESTION.precision,
    fixed: Object.fromEntries(FIXABLE.flatMap(axis => (count(axis) === undefined ? [] : [[axis, count(axis)!]]))),
  }
}
