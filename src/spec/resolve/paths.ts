/** Which fields of a declaration are paths: one table for resolving, for refusing what is not resolved, and for the rules about paths. */
import type { BatchJob, Declaration, Server, TrainingJob } from '../kinds.ts'

export interface PathField {
  readonly field: string
  readonly value: string
  /** `folder`: a working directory, which stays a plain path since a container wants one. */
  readonly role: 'input' | 'output' | 'module' | 'folder' | 'config'
}

export function pathsOf(declaration: Declaration): readonly PathField[] {
  switch (declaration.kind) {
    case 'BatchJob':
      return batchPaths(declaration)
    case 'TrainingJob':
      return trainingPaths(declaration)
    case 'Server':
      return serverPaths(declaration)
    case 'Fleet':
      return []
  }
}

const batchPaths = ({ spec: { input, map, reduce, output } }: BatchJob): readonly PathField[] => [
  ...Object.entries(input).flatMap(([format, patterns]) =>
    (patterns ?? []).map((value, i) => ({ field: `spec.input.${format}[${i}]`, value, role: 'input' as const })),
  ),
  ...present('spec.map.module', map.module, 'module'),
  ...present('spec.reduce.module', reduce.module, 'module'),
  ...Object.entries(output).flatMap(([format, value]) => present(`spec.output.${format}`, value, 'output')),
]

const trainingPaths = ({ spec: { framework, workingDir, model } }: TrainingJob): readonly PathField[] => [
  ...present('spec.model.huggingface.file', model?.huggingface?.file, 'config'),
  ...present('spec.framework.node.script', framework.node?.script, 'module'),
  ...present('spec.workingDir', workingDir, 'folder'),
]

const serverPaths = ({ spec: { run } }: Server): readonly PathField[] => [
  ...present('spec.run.module', run.module, 'module'),
  ...present('spec.run.workingDir', run.workingDir, 'folder'),
]

const present = (field: string, value: string | undefined, role: PathField['role']): readonly PathField[] =>
  value === undefined ? [] : [{ field, value, role }]
