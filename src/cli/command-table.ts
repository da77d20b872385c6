/** All commands as data, in the order of the help. Each one's code is loaded only when it runs. */
import type { Command } from './command.ts'
import type { Flag } from './flag.ts'
import {
  ALL_NAMESPACES,
  CLUSTER_FLAGS,
  FIELD_SELECTOR,
  FILENAME,
  NAMESPACE,
  output,
  SELECTOR,
  STATE,
  TIMEOUT,
  WATCH,
} from './global-flags.ts'
import { POD_COMMANDS } from './pod-commands.ts'
import { SCALING_COMMANDS } from './scaling-commands.ts'
import { WRITE_COMMANDS } from './write-commands.ts'

const IDLE_TIMEOUT: Flag = { name: 'idle-timeout', value: 'TIME', help: 'stop when unused so long, such as 10m' }
const IGNORE_NOT_FOUND: Flag = { name: 'ignore-not-found', help: 'what is not there is no error' }

const LOOK: readonly Command[] = [
  {
    name: 'get',
    summary: 'List objects, or show some',
    usage: '(TYPE [NAME ...] | TYPE/NAME ... | -f FILE)',
    examples: [
      'solvent get batchjobs,pods',
      'solvent get pods -w',
      "solvent get bj wordcount -o jsonpath='{.status.phase}'",
    ],
    flags: [
      output('wide', 'yaml', 'json', 'name', 'jsonpath='),
      WATCH,
      SELECTOR,
      FIELD_SELECTOR,
      { name: 'no-headers', help: 'leave out the line of titles' },
      { name: 'show-labels', help: 'add a column of labels' },
      IGNORE_NOT_FOUND,
      FILENAME,
      ALL_NAMESPACES,
      NAMESPACE,
      ...CLUSTER_FLAGS,
    ],
    completes: 'resource',
    load: () => import('./commands/get.ts'),
  },
  {
    name: 'describe',
    summary: 'Tell all about objects, with their events',
    usage: '(TYPE [NAME ...] | TYPE/NAME ... | -f FILE)',
    examples: ['solvent describe batchjob wordcount', 'solvent describe pods -l app=web'],
    flags: [SELECTOR, FILENAME, ALL_NAMESPACES, NAMESPACE, ...CLUSTER_FLAGS],
    completes: 'resource',
    load: () => import('./commands/describe.ts'),
  },
  {
    name: 'logs',
    summary: 'Print what containers wrote',
    usage: '(POD | TYPE/NAME)',
    examples: ['solvent logs -f batchjob/wordcount', 'solvent logs wordcount-workers-0-abcde --tail 20'],
    flags: [
      { name: 'follow', short: 'f', help: 'go on as more is written' },
      { name: 'container', short: 'c', value: 'NAME', help: 'container of the pod' },
      { name: 'previous', short: 'p', help: 'the life before the last restart' },
      { name: 'tail', value: 'LINES', help: 'only the last lines' },
      { name: 'since', value: 'TIME', help: 'only what is newer, such as 5m' },
      { name: 'since-time', value: 'TIME', help: 'only what is newer, such as 2026-11-25T10:00:00Z' },
      { name: 'limit-bytes', value: 'BYTES', help: 'no more than so much of each container' },
      { name: 'all-containers', help: 'of all containers (as without -c)' },
      { name: 'timestamps', help: 'put the time before each line' },
      { name: 'prefix', help: "put the pod's name before each line" },
      SELECTOR,
      NAMESPACE,
      ...CLUSTER_FLAGS,
    ],
    completes: 'pod',
    load: () => import('./commands/logs.ts'),
  },
  {
    name: 'explain',
    summary: 'Say what the fields of a kind are',
    usage: 'TYPE[.FIELD ...]',
    examples: ['solvent explain deployment.spec.strategy', 'solvent explain batchjob --recursive'],
    flags: [
      { name: 'recursive', help: 'all fields below, without their descriptions' },
      { name: 'api-version', value: 'GROUP/VERSION', help: 'of a kind that several groups have' },
      ...CLUSTER_FLAGS,
    ],
    completes: 'resource',
    load: () => import('./commands/explain.ts'),
  },
  {
    name: 'events',
    summary: 'List what happened',
    examples: ['solvent events', 'solvent events --for batchjob/wordcount -w'],
    flags: [
      { name: 'for', value: 'TYPE/NAME', help: 'only events of this object' },
      { name: 'types', value: 'LIST', help: 'Normal, Warning or both' },
      WATCH,
      ALL_NAMESPACES,
      NAMESPACE,
      ...CLUSTER_FLAGS,
    ],
    load: () => import('./commands/events.ts'),
  },
  {
    name: 'top',
    summary: 'Show what nodes or pods use',
    usage: '(nodes | pods) [NAME ...]',
    examples: ['solvent top nodes', 'solvent top pods --containers', 'solvent top pods -A --sort-by=memory'],
    flags: [
      { name: 'containers', help: 'a line for each container' },
      { name: 'sort-by', value: 'RESOURCE', choices: ['cpu', 'memory'], help: 'cpu or memory, the largest first' },
      { name: 'no-headers', help: 'leave out the line of titles' },
      SELECTOR,
      ALL_NAMESPACES,
      NAMESPACE,
      ...CLUSTER_FLAGS,
    ],
    load: () => import('./commands/top.ts'),
  },
  {
    name: 'wait',
    summary: 'Wait until objects are as they should be',
    usage: '(TYPE [NAME ...] | TYPE/NAME ... | -f FILE) --for=WHAT',
    examples: [
      'solvent wait batchjob/wordcount --for=condition=Complete --timeout=5m',
      "solvent wait pod/a --for=jsonpath='{.status.phase}'=Running",
    ],
    flags: [
      { name: 'for', value: 'WHAT', help: "condition=NAME[=VALUE], jsonpath='{PATH}'[=VALUE], create or delete" },
      TIMEOUT,
      SELECTOR,
      { name: 'all', help: 'all objects of the type' },
      FILENAME,
      NAMESPACE,
      ...CLUSTER_FLAGS,
    ],
    completes: 'resource',
    load: () => import('./commands/wait.ts'),
  },
  {
    name: 'delete',
    summary: 'Delete objects, and what belongs to them',
    usage: '(TYPE NAME ... | TYPE/NAME ... | -f FILE)',
    examples: ['solvent delete batchjob wordcount', 'solvent delete -f job.yaml'],
    flags: [
      FILENAME,
      SELECTOR,
      { name: 'all', help: 'all objects of the type' },
      { name: 'wait', help: 'wait until they are gone (default; --wait=false does not)' },
      { name: 'grace-period', value: 'SECONDS', help: 'how long a pod may take to end' },
      { name: 'now', help: 'like --grace-period=1' },
      { name: 'force', help: 'with --grace-period=0: at once' },
      {
        name: 'cascade',
        value: 'HOW',
        choices: ['background', 'foreground', 'orphan'],
        help: 'background (default), foreground, orphan',
      },
      { name: 'dry-run', value: 'HOW', choices: ['none', 'client', 'server'], help: 'only say what would go' },
      IGNORE_NOT_FOUND,
      TIMEOUT,
      output('name'),
      NAMESPACE,
      ...CLUSTER_FLAGS,
    ],
    completes: 'resource',
    load: () => import('./commands/delete.ts'),
  },
]

const CLUSTER: readonly Command[] = [
  {
    name: 'up',
    summary: 'Start the embedded cluster',
    examples: ['solvent up', 'solvent up --nodes 3', 'solvent up --state ./cluster -o json'],
    flags: [
      { name: 'port', value: 'NUMBER', help: 'port of the API server; a free one unless given' },
      {
        name: 'nodes',
        value: 'NUMBER',
        help: 'nodes on this machine, each a process of its own; as last time, else 1',
      },
      {
        name: 'processes',
        value: 'HOW',
        choices: ['one', 'several'],
        help: 'server, controllers, scheduler, network, agent together or apart; as last time, else one',
      },
      { name: 'fake-nodes', value: 'N[:SIZE]', help: 'simulated nodes, such as 100 or 100:cpu=8,memory=32Gi' },
      { name: 'node', value: 'NAME', help: 'of a running cluster: start this node again, which was taken down' },
      IDLE_TIMEOUT,
      output('text', 'json'),
      STATE,
    ],
    load: () => import('./commands/up.ts'),
  },
  {
    name: 'down',
    summary: 'Stop the embedded cluster and all that runs in it',
    examples: ['solvent down', 'solvent down --state ./cluster', 'solvent down --node here-2'],
    flags: [
      { name: 'node', value: 'NAME', help: 'only this node (not the first); it stays down until up --node' },
      STATE,
    ],
    load: () => import('./commands/down.ts'),
  },
  {
    name: 'status',
    summary: 'Say whether the embedded cluster runs, and where',
    examples: ['solvent status', 'solvent status -o json'],
    flags: [output('text', 'json'), STATE],
    load: () => import('./commands/status.ts'),
  },
]

const OTHER: readonly Command[] = [
  {
    name: 'calibrate',
    summary: "Measure this machine's devices and write them as a Fleet to plan for",
    usage: '[NAME]',
    examples: ['solvent calibrate > fleet.yaml', 'solvent calibrate here --devices 2 --threads 1 --file fleet.yaml'],
    flags: [
      { name: 'devices', value: 'NUMBER', help: 'how many work at once; all GPUs, or all cores, unless given' },
      { name: 'threads', value: 'NUMBER', help: 'cores of one device, where devices are cores' },
      { name: 'python', value: 'PATH', help: "a Python that has torch; an active environment's unless given" },
      { name: 'file', value: 'FILE', help: 'write there instead of printing' },
    ],
    load: () => import('./commands/calibrate.ts'),
  },
  {
    name: 'dashboard',
    summary: 'Serve the plan explorer to your browser, on this machine only',
    examples: ['solvent dashboard', 'solvent dashboard --port 8000 --no-open'],
    flags: [
      { name: 'port', value: 'NUMBER', help: 'port on 127.0.0.1; a free one unless given' },
      { name: 'no-open', help: 'only print the address' },
      output('text', 'json'),
    ],
    load: () => import('./commands/dashboard.ts'),
  },
  {
    name: 'version',
    summary: 'Print the version',
    examples: ['solvent version -o json'],
    flags: [output('text', 'json')],
    load: () => import('./commands/version.ts'),
  },
  {
    name: 'completion',
    summary: 'Print a script that completes commands, flags and names',
    usage: '(bash | zsh | fish)',
    examples: ['source <(solvent completion bash)', 'solvent completion fish | source'],
    flags: [],
    load: () => import('./commands/completion.ts'),
  },
]

export const COMMAND_GROUPS: readonly { readonly title: string; readonly commands: readonly Command[] }[] = [
  { title: 'Declare and run', commands: WRITE_COMMANDS },
  { title: 'Look and steer', commands: LOOK },
  { title: 'Copies and revisions', commands: SCALING_COMMANDS },
  { title: 'Inside pods', commands: POD_COMMANDS },
  { title: 'The embedded cluster', commands: CLUSTER },
  { title: 'Other', commands: OTHER },
]

export const COMMANDS: readonly Command[] = COMMAND_GROUPS.flatMap(({ commands }) => commands)
