/** A question as the declaration that `solvent plan` would read, so that page and command line say the same, errors included. */
import { PUBLISHED_MODELS } from '../../planner/model/published-models.ts'
import type { Question } from './question.ts'

/** YAML. The configuration of a model stands in it as JSON, which YAML includes. */
export function declarationOf(question: Question): string {
  const { model, config, fleet, count, sequence, globalBatch, precision, fixed } = question
  const preset = PUBLISHED_MODELS.find(({ name }) => name === model)
  const degrees = Object.entries(fixed).map(([axis, degree]) => `${axis}: ${degree}`)
  return `apiVersion: solvent.dev/v1alpha1
kind: TrainingJob
metadata: { name: ${preset?.name.replaceAll('.', '-') ?? 'own-model'} }
spec:
  model:
    huggingface:
      config: ${preset ? JSON.stringify(preset.config) : asOneLine(config)}
  data: { sequenceLength: ${sequence}, globalBatch: ${globalBatch} }
  fleet: ${fleet}x${count}
  precision: ${precision}
  parallelism: ${degrees.length === 0 ? 'auto' : `{ ${degrees.join(', ')} }`}
  framework: { command: [python, train.py] }
`
}

/** What is no JSON is left as it is: the parser of declarations says what is wrong with it. */
function asOneLine(json: string): string {
  try {
    return JSON.stringify(JSON.parse(json))
  } catch {
    return json.trim() === '' ? '{}' : JSON.stringify(json)
  }
}
