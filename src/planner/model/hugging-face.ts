/** A Hugging Face `config.json` as a model. Families are told by `model_type`; a composite config (text and vision) by its `text_config`. */
import { didYouMean } from '../../base/did-you-mean.ts'
import { fail, ok, type Problem, type Result } from '../../base/problem.ts'
import { nearestDivisor } from './declared-model.ts'
import { DENSE_FAMILIES, type Reader } from './hugging-face/dense.ts'
import { EXPERT_FAMILIES } from './hugging-face/experts.ts'
import { Fields } from './hugging-face/fields.ts'
import { HYBRID_FAMILIES } from './hugging-face/hybrid.ts'
import type { ModelSpec } from './model.ts'

const FAMILIES: Readonly<Record<string, Reader>> = { ...DENSE_FAMILIES, ...EXPERT_FAMILIES, ...HYBRID_FAMILIES }

/** The `model_type`s that can be read, in alphabetical order. */
export const knownFamilies: readonly string[] = Object.keys(FAMILIES).sort()

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

export function readHuggingFace(config: unknown, name: string): Result<ModelSpec> {
  if (!isObject(config))
    return fail({
      field: '',
      what: `is ${config === null ? 'null' : Array.isArray(config) ? 'a list' : `a ${typeof config}`}`,
      why: 'a config.json is an object',
      fix: "Give the model's own config.json.",
    })
  const text = isObject(config.text_config) ? { model_type: config.model_type, ...config.text_config } : config
  const modelType = text.model_type
  if (typeof modelType !== 'string')
    return fail({
      field: 'model_type',
      what: modelType === undefined ? 'is missing' : `is ${JSON.stringify(modelType)}`,
      why: 'the family decides how the other fields are read',
      fix: `Use one of ${knownFamilies.join(', ')}.`,
    })
  const reader = FAMILIES[modelType]
  if (!reader || !Object.hasOwn(FAMILIES, modelType)) return fail(unknownFamily(modelType))
  const fields = new Fields(text, modelType)
  const model = reader(fields, name)
  const problems = [...uniqueProblems(fields.problems), ...(fields.problems.length > 0 ? [] : unevenHeads(model, text))]
  return problems.length > 0 ? fail(...problems) : ok(model)
}

function unknownFamily(modelType: string): Problem {
  return {
    field: 'model_type',
    what: `is "${modelType}"`,
    why: 'that family is not known',
    fix: `${didYouMean(modelType, knownFamilies) ?? `Known are ${knownFamilies.join(', ')}.`} Or declare the model by numbers: layers, hidden, heads, ffn, vocab.`,
  }
}

/** The same field is read for each layer; it is told once. */
const uniqueProblems = (problems: readonly Problem[]): readonly Problem[] =>
  problems.filter((problem, i) => problems.findIndex(p => p.field === problem.field && p.what === problem.what) === i)

function unevenHeads(model: ModelSpec, config: Record<string, unknown>): readonly Problem[] {
  for (const { mixer } of model.shapes) {
    if (mixer?.kind !== 'attention') continue
    if (!Number.isInteger(mixer.headDim))
      return [
        {
          field: 'num_attention_heads',
          what: `is ${mixer.heads}`,
          why: `hidden_size ${model.hidden} does not divide by it and head_dim is not given`,
          fix: `Give head_dim, or use ${nearestDivisor(model.hidden, mixer.heads)} heads.`,
        },
      ]
    if (mixer.heads % mixer.kvHeads !== 0)
      return [
        {
          field: 'num_key_value_heads',
          what: `is ${String(config.num_key_value_heads)}`,
          why: `${mixer.heads} attention heads do not share ${mixer.kvHeads} evenly`,
          fix: `Use ${nearestDivisor(mixer.heads, mixer.kvHeads)}.`,
        },
      ]
  }
  return []
}
