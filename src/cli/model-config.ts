/**
 * A TrainingJob that names a Hugging Face config.json carries it from here on: the planner touches no disk, and the cluster has no such file.
 */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { fail, ok, type Result } from '../base/problem.ts'
import type { Declaration } from '../spec/kinds.ts'
import type { Locate } from './code/bundle.ts'

const FIELD = 'spec.model.huggingface.file'

/** `declaration` with absolute URIs. A config that is already inline stays. */
export function withModelConfig(declaration: Declaration, locate: Locate): Result<Declaration> {
  if (declaration.kind !== 'TrainingJob') return ok(declaration)
  const { model } = declaration.spec
  const file = model?.huggingface?.file
  if (!model || file === undefined || model.huggingface?.config) return ok(declaration)
  const read = readConfig(fileURLToPath(file), locate)
  if (!read.ok) return read
  const huggingface = { ...model.huggingface, config: read.value }
  return ok({ ...declaration, spec: { ...declaration.spec, model: { ...model, huggingface } } })
}

function readConfig(path: string, locate: Locate): Result<Readonly<Record<string, unknown>>> {
  const problem = (why: string, fix: string) =>
    fail({ place: locate(FIELD), field: FIELD, what: `names ${path}`, why, fix })
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return problem('there is no such file', 'A path is relative to the YAML file.')
    if (code === 'EISDIR') return problem('that is a folder', `Use ${path.replace(/\/$/, '')}/config.json.`)
    return problem(`it cannot be read: ${message}`, 'Make it readable.')
  }
  try {
    const config: unknown = JSON.parse(text)
    if (typeof config === 'object' && config !== null && !Array.isArray(config)) {
      return ok(config as Readonly<Record<string, unknown>>)
    }
    return problem('it holds no object', "Give the model's own config.json.")
  } catch (error) {
    return problem(`it is no JSON: ${(error as Error).message}`, "Give the model's own config.json.")
  }
}
