/** Commands that change how many copies run, and which revision, as data. */
import type { Command } from './command.ts'
import { CLUSTER_FLAGS, FILENAME, NAMESPACE, output, SELECTOR, TIMEOUT, WATCH } from './global-flags.ts'

export const SCALING_COMMANDS: readonly Command[] = [
  {
    name: 'scale',
    summary: 'Set how many copies of something run',
    usage: '--replicas=NUMBER (TYPE NAME ... | TYPE/NAME ... | -f FILE)',
    examples: [
      'solvent scale server/api --replicas=3',
      'solvent scale deployment/web --replicas=5 --current-replicas=2',
    ],
    flags: [
      { name: 'replicas', value: 'NUMBER', help: 'copies that shall run' },
      { name: 'current-replicas', value: 'NUMBER', help: 'only if so many are wanted now' },
      FILENAME,
      SELECTOR,
      { name: 'all', help: 'all objects of the type' },
      output('name'),
      NAMESPACE,
      ...CLUSTER_FLAGS,
    ],
    completes: 'resource',
    load: () => import('./commands/scale.ts'),
  },
  {
    name: 'autoscale',
    summary: 'Let the number of copies follow the load',
    usage: '(TYPE NAME | TYPE/NAME) --max=NUMBER',
    examples: ['solvent autoscale deployment/web --min=2 --max=10 --cpu=60%'],
    flags: [
      { name: 'min', value: 'NUMBER', help: 'copies at least; 1 unless given' },
      { name: 'max', value: 'NUMBER', help: 'copies at most' },
      {
        name: 'cpu',
        value: 'TARGET',
        help: 'of each copy: a share of its request such as 70%, or an amount such as 500m',
      },
      { name: 'memory', value: 'TARGET', help: 'the same of memory: 80% or 500Mi' },
      { name: 'name', value: 'NAME', help: 'of the autoscaler; as what it scales unless given' },
      NAMESPACE,
      ...CLUSTER_FLAGS,
    ],
    completes: 'resource',
    load: () => import('./commands/autoscale.ts'),
  },
  {
    name: 'rollout',
    summary: 'Follow, undo, repeat, pause or resume a rollout, or list the revisions',
    usage: '(status | history | undo | restart | pause | resume) (TYPE NAME | TYPE/NAME ...)',
    examples: [
      'solvent rollout status server/api',
      'solvent rollout undo server/api --to-revision=3',
      'solvent rollout restart deployment/web',
    ],
    flags: [
      { ...WATCH, help: 'status: stay until it is done (default; --watch=false does not)' },
      { name: 'revision', value: 'NUMBER', help: 'history: that one in full; status: only as long as it is the last' },
      { name: 'to-revision', value: 'NUMBER', help: 'undo: to that one; to the one before unless given' },
      TIMEOUT,
      NAMESPACE,
      ...CLUSTER_FLAGS,
    ],
    completes: 'resource',
    load: () => import('./commands/rollout.ts'),
  },
]
