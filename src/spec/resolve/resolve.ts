/**
 * Paths relative to the YAML file become absolute, before anything leaves the machine on which the file lies. Pure: the folder is handed in.
 */
import type { BatchJob, Declaration, FunctionRef, Server, TrainingJob, TrainingModel } from '../kinds.ts'
import { absolutePath, fileUri } from './file-uri.ts'

/** `folder`: the absolute path of the folder in which the YAML file lies. */
export function resolvePaths<D extends Declaration>(declaration: D, folder: string): D
export function resolvePaths(declaration: Declaration, folder: string): Declaration {
  switch (declaration.kind) {
    case 'BatchJob':
      return resolveBatch(declaration, folder)
    case 'TrainingJob':
      return resolveTraining(declaration, folder)
    case 'Server':
      return resolveServer(declaration, folder)
    case 'Fleet':
      return declaration
  }
}

function resolveBatch(job: BatchJob, folder: string): BatchJob {
  const { input, output, map, reduce } = job.spec
  return {
    ...job,
    spec: {
      ...job.spec,
      input: mapFields(input, patterns => patterns.map(pattern => fileUri(pattern, folder))),
      map: resolveModule(map, folder),
      reduce: resolveModule(reduce, folder),
      output: mapFields(output, path => fileUri(path, folder)),
    },
  }
}

function resolveTraining(job: TrainingJob, folder: string): TrainingJob {
  const { framework, workingDir, image, model } = job.spec
  const { node } = framework
  return {
    ...job,
    spec: {
      ...job.spec,
      framework: node ? { ...framework, node: { ...node, script: fileUri(node.script, folder) } } : framework,
      ...(model ? { model: resolveModel(model, folder) } : {}),
      ...workingDirIn(folder, workingDir, image),
    },
  }
}

function resolveModel(model: TrainingModel, folder: string): TrainingModel {
  const { huggingface } = model
  if (huggingface?.file === undefined) return model
  return { ...model, huggingface: { ...huggingface, file: fileUri(huggingface.file, folder) } }
}

function resolveServer(server: Server, folder: string): Server {
  const { run, image } = server.spec
  const whole = { ...resolveModule(run, folder), ...workingDirIn(folder, run.workingDir, image) }
  return { ...server, spec: { ...server.spec, run: whole } }
}

/** Without an image the command is one of this machine's, and `node server.js` means the file beside the YAML. */
function workingDirIn(
  folder: string,
  workingDir: string | undefined,
  image: string | undefined,
): { readonly workingDir?: string } {
  if (workingDir === undefined && image !== undefined) return {}
  return { workingDir: withoutSlash(absolutePath(workingDir ?? '.', folder)) }
}

const withoutSlash = (path: string): string => (path.length > 1 ? path.replace(/\/$/, '') : path)

const resolveModule = <F extends Partial<Pick<FunctionRef, 'module'>>>(ref: F, folder: string): F =>
  ref.module === undefined ? ref : { ...ref, module: fileUri(ref.module, folder) }

function mapFields<V, K extends string>(
  fields: { readonly [key in K]?: V },
  change: (value: V) => V,
): { readonly [key in K]?: V } {
  const entries = Object.entries(fields) as [K, V | undefined][]
  return Object.fromEntries(
    entries.flatMap(([name, value]) => (value === undefined ? [] : [[name, change(value)]])),
  ) as { readonly [key in K]?: V }
}
