/**
 * What to type at a field, made from what was typed where that tells something. `*` stands for any kind. A fix must be true when typed:
 * every text here parses (a test types them all).
 */
import type { FieldPath } from '../../kube/schema-path.ts'
import { nearQuantity } from './near-quantity.ts'
import { flow } from './show.ts'

type Example = (written: unknown) => string

const text = (written: unknown, otherwise: string): string => (typeof written === 'string' ? written : otherwise)

const EXAMPLES: Readonly<Record<string, Example>> = {
  'BatchJob spec': () =>
    "spec: { input: { text: data/ }, map: { split: '\\s+' }, reduce: sum, output: { parquet: out/ } }",
  'BatchJob spec.input': w => `input: { text: ${flow(text(w, 'data/*.txt'))} }`,
  'BatchJob spec.map': w => `map: { split: ${singleQuoted(text(w, '\\s+'))} }`,
  'BatchJob spec.reduce': () => 'reduce: sum',
  'BatchJob spec.output': w => `output: { parquet: ${flow(text(w, 'out/'))} }`,
  'BatchJob spec.workers': () => 'workers: { min: 1, max: 4 }',
  'BatchJob spec.strategy': () => 'strategy: { partitions: 4 }',
  'BatchJob spec.strategy.splitBytes': w => `splitBytes: ${nearQuantity(w) ?? '64Mi'}`,
  'TrainingJob spec': () => 'spec: { parallelism: { data: 2 }, framework: { command: [python3, train.py] } }',
  'TrainingJob spec.parallelism': w => `parallelism: { data: ${typeof w === 'number' ? w : 2} }`,
  'TrainingJob spec.framework': w => `framework: { command: ${commandList(text(w, 'python3 train.py'))} }`,
  'TrainingJob spec.framework.command': w => `command: ${commandList(text(w, 'python3 train.py'))}`,
  'TrainingJob spec.framework.node': w => `node: { script: ${flow(text(w, 'train.ts'))} }`,
  'TrainingJob spec.framework.node.script': () => 'script: train.ts',
  'TrainingJob spec.framework.node.args': w => `args: ${commandList(text(w, '--steps 10'))}`,
  'TrainingJob spec.model': w => `model: { huggingface: ${flow(text(w, './config.json'))} }`,
  'TrainingJob spec.model.huggingface': () => 'huggingface: ./config.json',
  'TrainingJob spec.model.latent': () => 'latent: { kvRank: 512, nopeDim: 128, ropeDim: 64, valueDim: 128 }',
  'TrainingJob spec.data': () => 'data: { sequenceLength: 4096, globalBatch: 256 }',
  'TrainingJob spec.data.sequenceLength': () => 'sequenceLength: 4096',
  'TrainingJob spec.data.globalBatch': () => 'globalBatch: 256',
  'TrainingJob spec.data.tokens': () => 'tokens: 1.0e12',
  'TrainingJob spec.fleet': () => 'fleet: h100x64',
  'TrainingJob spec.precision': () => 'precision: bf16',
  'TrainingJob spec.optimizer': () => 'optimizer: adam',
  'TrainingJob spec.allow': () => 'allow: [tokenDropping]',
  'TrainingJob spec.recompute': () => 'recompute: full',
  'TrainingJob spec.recompute.kind': () => 'kind: full',
  'TrainingJob spec.software': () => 'software: megatron',
  'TrainingJob spec.stages': () => 'stages: [8, 8]',
  'Fleet spec': () => 'spec: { preset: h100x64 }',
  'Fleet spec.pools': () => 'pools: [{ device: h100, nodes: 8 }]',
  'Fleet spec.tiers': () => 'tiers: [{ name: leaf, nodes: 32 }]',
  'Server spec': () => 'spec: { run: { command: [node, server.js], port: 8080 } }',
  'Server spec.run': w => `run: { command: ${commandList(text(w, 'node server.js'))}, port: 8080 }`,
  'Server spec.run.command': w => `command: ${commandList(text(w, 'node server.js'))}`,
  'Server spec.run.port': () => 'port: 8080',
  'Server spec.replicas': () => 'replicas: { min: 1, max: 3 }',
  'Server spec.run.module': w => `module: ${flow(text(w, './server.ts'))}`,
  'Server spec.secrets': w => `secrets: [{ name: ${text(w, 'api-keys')} }]`,
  'Server spec.rollout': () => 'rollout: { canary: { percent: 10, seconds: 60 } }',
  'Server spec.rollout.canary': () => 'canary: { percent: 10, seconds: 60 }',
  'Server spec.disruption': () => 'disruption: 1',
  'Server spec.spread': () => 'spread: node',
  'Server spec.ingress': () => 'ingress: api.example.com',
  'Server spec.ingress.host': () => 'host: api.example.com',
  'Server spec.probes': () => 'probes: { readiness: /ready, liveness: /healthz }',
  'Server spec.probes.startup': () => 'startup: /healthz',
  'Server spec.probes.readiness': () => 'readiness: /ready',
  'Server spec.probes.liveness': () => 'liveness: /healthz',
  'Server spec.metrics': () => 'metrics: { path: /metrics }',
  '* metadata': () => 'metadata: { name: my-job }',
  '* metadata.name': () => 'name: my-job',
  '* spec.resources': () => 'resources: { cpu: 500m, memory: 400Mi }',
  '* spec.code.configMap': () => 'configMap: my-code',
}

/** `command: [node, server.js]`, or undefined where the type says enough. */
export function exampleOf(kind: string, path: FieldPath, written?: unknown): string | undefined {
  const field = path.join('.')
  return (EXAMPLES[`${kind} ${field}`] ?? EXAMPLES[`* ${field}`])?.(written)
}

export const EXAMPLE_FIELDS: readonly string[] = Object.keys(EXAMPLES)

/** A command line as the list that means the same; what only a shell understands is handed to one. */
function commandList(line: string): string {
  return /[|&;<>()$`"'\\*?~#]/.test(line) ? flow(['sh', '-c', line]) : flow(line.trim().split(/\s+/))
}

const singleQuoted = (value: string): string => `'${value.replaceAll("'", "''")}'`
