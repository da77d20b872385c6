/** Commands that go into pods, as data. */
import type { Command } from './command.ts'
import type { Flag } from './flag.ts'
import { CLUSTER_FLAGS, NAMESPACE } from './global-flags.ts'

const CONTAINER: Flag = { name: 'container', short: 'c', value: 'NAME', help: 'container of the pod' }
const STDIN: Flag = { name: 'stdin', short: 'i', help: 'pass on what is typed or piped in' }
const TTY: Flag = { name: 'tty', short: 't', help: 'as on a terminal' }
const QUIET: Flag = { name: 'quiet', short: 'q', help: 'only what the command prints' }

export const POD_COMMANDS: readonly Command[] = [
  {
    name: 'exec',
    summary: 'Run a command inside a container',
    usage: '(POD | TYPE/NAME) [-c CONTAINER] [-it] -- COMMAND [ARGUMENT ...]',
    examples: ['solvent exec -it web-0 -- sh', 'solvent exec batchjob/wordcount -- env'],
    flags: [STDIN, TTY, CONTAINER, QUIET, NAMESPACE, ...CLUSTER_FLAGS],
    completes: 'pod',
    load: () => import('./commands/exec.ts'),
  },
  {
    name: 'attach',
    summary: "Follow a container's main process, or type into it",
    usage: '(POD | TYPE/NAME) [-c CONTAINER] [-it]',
    examples: ['solvent attach web-0', 'solvent attach -it shell -c main'],
    flags: [STDIN, TTY, CONTAINER, QUIET, NAMESPACE, ...CLUSTER_FLAGS],
    completes: 'pod',
    load: () => import('./commands/attach.ts'),
  },
  {
    name: 'cp',
    summary: 'Copy files to or from a container',
    usage: '(FILE POD:PATH | POD:PATH FILE) [-c CONTAINER]',
    examples: ['solvent cp ./data web-0:/tmp/data', 'solvent cp team/web-0:/var/log/app.log .'],
    flags: [CONTAINER, NAMESPACE, ...CLUSTER_FLAGS],
    completes: 'file',
    load: () => import('./commands/cp.ts'),
  },
  {
    name: 'port-forward',
    summary: 'Reach ports of a pod from this machine',
    usage: '(POD | TYPE/NAME) [LOCAL:]REMOTE ...',
    examples: ['solvent port-forward web-0 8080', 'solvent port-forward svc/web 8000:80 :9090'],
    flags: [
      { name: 'address', value: 'LIST', help: 'addresses to listen on; 127.0.0.1 unless given' },
      NAMESPACE,
      ...CLUSTER_FLAGS,
    ],
    completes: 'pod',
    load: () => import('./commands/port-forward.ts'),
  },
]
