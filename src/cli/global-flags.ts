/** Flags that several commands share, each written once. */
import type { Flag } from './flag.ts'

const HELP: Flag = { name: 'help', short: 'h', help: 'show this help' }

export const STATE: Flag = {
  name: 'state',
  value: 'DIR',
  help: 'state folder of the embedded cluster ($SOLVENT_STATE, else ~/.local/state/solvent)',
}

export const CLUSTER_FLAGS: readonly Flag[] = [
  { name: 'context', value: 'NAME', help: 'a real cluster: a context of your kubeconfig ($SOLVENT_CONTEXT)' },
  { name: 'kubeconfig', value: 'FILE', help: 'a real cluster: the kubeconfig to use' },
  STATE,
]

/** Accepted by every command; the cluster's only by those that talk to one. */
export const GLOBAL_FLAGS: readonly Flag[] = [
  HELP,
  { name: 'verbosity', short: 'v', value: 'LEVEL', help: '6 shows HTTP calls, 8 stack traces too' },
]

export const NAMESPACE: Flag = { name: 'namespace', short: 'n', value: 'NAME', help: 'namespace' }
export const ALL_NAMESPACES: Flag = { name: 'all-namespaces', short: 'A', help: 'in all namespaces' }
export const FILENAME: Flag = {
  name: 'filename',
  short: 'f',
  value: 'FILE',
  repeatable: true,
  help: 'file, folder or - for standard input (repeatable)',
}
export const SELECTOR: Flag = { name: 'selector', short: 'l', value: 'QUERY', help: 'label selector: app=web,tier!=db' }
export const FIELD_SELECTOR: Flag = {
  name: 'field-selector',
  value: 'QUERY',
  help: 'field selector: status.phase=Running',
}
export const WATCH: Flag = { name: 'watch', short: 'w', help: 'go on and show changes' }
export const DRY_RUN: Flag = {
  name: 'dry-run',
  value: 'HOW',
  choices: ['none', 'client', 'server'],
  help: 'client: only print; server: all checks, nothing stored',
}
export const FORCE_CONFLICTS: Flag = { name: 'force-conflicts', help: 'take over fields that another manager set' }
export const TIMEOUT: Flag = { name: 'timeout', value: 'TIME', help: 'give up after, such as 30s or 5m' }

export const output = (...choices: readonly string[]): Flag => ({
  name: 'output',
  short: 'o',
  value: 'FORMAT',
  choices,
  help: choices.map(choice => (choice.endsWith('=') ? `${choice}...` : choice)).join(', '),
})
