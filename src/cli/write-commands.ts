/** The commands that declare, plan and run, as data. */
import type { Command } from './command.ts'
import { CLUSTER_FLAGS, DRY_RUN, FILENAME, FORCE_CONFLICTS, NAMESPACE, output, TIMEOUT } from './global-flags.ts'

/** In the order of the help. */
export const WRITE_COMMANDS: readonly Command[] = [
  {
    name: 'init',
    summary: 'Write a first declaration and its code into this folder',
    usage: '[FOLDER]',
    examples: ['solvent init && solvent run job.yaml', 'solvent init --template training gang'],
    flags: [
      {
        name: 'template',
        short: 't',
        value: 'NAME',
        choices: ['batch', 'sql', 'training', 'server'],
        help: 'batch (default), sql, training or server',
      },
    ],
    load: () => import('./commands/init.ts'),
  },
  {
    name: 'run',
    summary: 'Plan, compile and run a declaration, and stay to its end',
    usage: 'FILE',
    examples: ['solvent run job.yaml', 'solvent run job.yaml -d', 'solvent run job.yaml --context prod'],
    flags: [
      FILENAME,
      { name: 'detach', short: 'd', help: 'do not wait: print the names and leave' },
      output('text', 'name', 'json', 'yaml'),
      TIMEOUT,
      NAMESPACE,
      ...CLUSTER_FLAGS,
    ],
    completes: 'file',
    load: () => import('./commands/run.ts'),
  },
  {
    name: 'plan',
    summary: 'Show how a declaration would be cut into parallel work, and why',
    usage: 'FILE',
    examples: [
      'solvent plan train.yaml',
      'solvent plan train.yaml --what-if nodes=+1 --what-if precision=fp8',
      'solvent plan --compare a.yaml b.yaml',
    ],
    flags: [
      FILENAME,
      output('text', 'json', 'yaml'),
      {
        name: 'what-if',
        value: 'CHANGES',
        help: 'another plan beside it: nodes=+1, network=2x, batch=2x, tensor=8, …',
      },
      { name: 'compare', help: 'the plans of two files side by side' },
      { name: 'trace', value: 'FILE', help: 'write one step as a trace for ui.perfetto.dev' },
      { name: 'measured', value: 'FILE', help: 'correct predictions by steps you measured; none forgets them' },
      { name: 'slots', value: 'NUMBER', help: 'plan for so many tasks at once' },
      NAMESPACE,
      ...CLUSTER_FLAGS,
    ],
    completes: 'file',
    load: () => import('./commands/plan.ts'),
  },
  {
    name: 'compile',
    summary: 'Print the Kubernetes objects that a declaration becomes, or the configuration of a framework',
    usage: 'FILE',
    examples: ['solvent compile job.yaml', 'solvent compile job.yaml --for megatron > megatron-args.sh'],
    flags: [
      FILENAME,
      output('yaml', 'json', 'name'),
      {
        name: 'for',
        value: 'FRAMEWORK',
        choices: ['megatron', 'torchtitan', 'deepspeed', 'accelerate', 'transformers', 'ranks'],
        help: 'a plan for megatron, torchtitan, deepspeed, accelerate, transformers; or ranks',
      },
      { name: 'slots', value: 'NUMBER', help: 'plan for so many tasks at once' },
      NAMESPACE,
      ...CLUSTER_FLAGS,
    ],
    completes: 'file',
    load: () => import('./commands/compile.ts'),
  },
  {
    name: 'diff',
    summary: 'Show what apply would change; exit code 0 nothing, 1 something, above 1 an error',
    usage: 'FILE',
    examples: ['solvent diff job.yaml'],
    flags: [FILENAME, FORCE_CONFLICTS, NAMESPACE, ...CLUSTER_FLAGS],
    completes: 'file',
    load: () => import('./commands/diff.ts'),
  },
  {
    name: 'apply',
    summary: 'Make the cluster hold what files declare',
    usage: '-f FILE',
    examples: ['solvent apply -f job.yaml', 'solvent apply -f job.yaml --dry-run=server'],
    flags: [FILENAME, DRY_RUN, FORCE_CONFLICTS, output('text', 'name', 'json', 'yaml'), NAMESPACE, ...CLUSTER_FLAGS],
    completes: 'file',
    load: () => import('./commands/apply.ts'),
  },
]
