/**
 * What may come next on a half-typed command line. Speaks cobra's `__complete` protocol (candidates a line, then `:DIRECTIVE`), which
 * shells and tools already understand. Names come from the cluster if it answers within 200 ms; completion never starts one.
 */
import { STORED_KINDS } from '../kube/kinds.ts'
import type { Command } from './command.ts'
import { COMMANDS } from './command-table.ts'
import type { Flag } from './flag.ts'
import { parseFlags } from './flags.ts'
import { GLOBAL_FLAGS } from './global-flags.ts'
import type { Terminal } from './terminal.ts'

const NO_FILES = 4
const FILES = 0
const BUDGET_MS = 200

interface Candidates {
  readonly words: readonly string[]
  readonly directive: number
}

const none: Candidates = { words: [], directive: NO_FILES }
const files: Candidates = { words: [], directive: FILES }

export async function complete(words: readonly string[], terminal: Terminal): Promise<number> {
  const { words: found, directive } = await candidates(words)
  for (const word of found) terminal.print(word)
  terminal.print(`:${directive}`)
  return 0
}

/** `words` are those after `solvent`; the last one is being typed and may be empty. */
export async function candidates(words: readonly string[]): Promise<Candidates> {
  const current = words.at(-1) ?? ''
  const beginsSo = (word: string): boolean => word.startsWith(current)
  if (words.length <= 1)
    return { words: [...COMMANDS.map(({ name }) => name), 'help'].filter(beginsSo), directive: NO_FILES }
  if (words[0] === 'help') return { words: COMMANDS.map(({ name }) => name).filter(beginsSo), directive: NO_FILES }
  const command = COMMANDS.find(({ name }) => name === words[0])
  if (!command) return none
  const flags = [...command.flags, ...GLOBAL_FLAGS]
  const value = flagBeingValued(words, flags)
  if (value) return forFlag(value.flag, value.typed, words)
  if (current.startsWith('-'))
    return { words: flags.map(({ name }) => `--${name}`).filter(beginsSo), directive: NO_FILES }
  return forArgument(command, words.slice(1), flags)
}

/** The flag whose value is being typed: `--output js`, `--output=js`, `-o js`. */
function flagBeingValued(words: readonly string[], flags: readonly Flag[]) {
  const current = words.at(-1) ?? ''
  const joined = /^--([^=]+)=(.*)$/.exec(current)
  if (joined) return found(flags, `--${joined[1]}`, joined[2]!)
  return found(flags, words.at(-2) ?? '', current)
}

function found(flags: readonly Flag[], word: string, typed: string) {
  const flag = flags.find(
    each => each.value && (word === `--${each.name}` || (each.short && word === `-${each.short}`)),
  )
  return flag ? { flag, typed } : undefined
}

async function forFlag(flag: Flag, typed: string, words: readonly string[]): Promise<Candidates> {
  if (flag.choices) return { words: flag.choices.filter(choice => choice.startsWith(typed)), directive: NO_FILES }
  if (flag.value === 'FILE' || flag.value === 'DIR') return files
  if (flag.name === 'namespace') return { words: await names(words, 'v1', 'Namespace', typed), directive: NO_FILES }
  return none
}

async function forArgument(command: Command, rest: readonly string[], flags: readonly Flag[]): Promise<Candidates> {
  const current = rest.at(-1) ?? ''
  if (command.completes === 'file') return files
  if (command.name === 'completion')
    return { words: ['bash', 'zsh', 'fish'].filter(w => w.startsWith(current)), directive: NO_FILES }
  if (!command.completes) return none
  const { args } = parseFlags(rest.slice(0, -1), flags)
  if (command.completes === 'pod' && !current.includes('/')) {
    return { words: await names(rest, 'v1', 'Pod', current), directive: NO_FILES }
  }
  if (args.length === 0 && !current.includes('/')) {
    const types = [...STORED_KINDS.map(({ plural }) => plural), ...OUR_TYPES]
    return { words: [...new Set(types)].filter(type => type.startsWith(current)), directive: NO_FILES }
  }
  return { words: await objectNames(rest, args[0], current), directive: NO_FILES }
}

const OUR_TYPES = ['batchjobs', 'trainingjobs', 'servers']

async function objectNames(
  words: readonly string[],
  type: string | undefined,
  current: string,
): Promise<readonly string[]> {
  const [typed, name] = current.includes('/') ? (current.split('/') as [string, string]) : [type ?? '', current]
  return withTarget(words, async ({ target, kindFor, apiVersionOf }) => {
    const kind = await kindFor(target.api, typed)
    const list = await target.api.list({ apiVersion: apiVersionOf(kind), kind: kind.kind, namespace: target.namespace })
    const prefix = current.includes('/') ? `${typed}/` : ''
    return list.items.map(item => `${prefix}${item.metadata.name}`).filter(word => word.startsWith(`${prefix}${name}`))
  })
}

const names = (words: readonly string[], apiVersion: string, kind: string, typed: string): Promise<readonly string[]> =>
  withTarget(words, async ({ target }) => {
    const namespace = kind === 'Namespace' ? undefined : target.namespace
    const list = await target.api.list({ apiVersion, kind, namespace })
    return list.items.map(item => item.metadata.name ?? '').filter(name => name.startsWith(typed))
  })

/** Runs `ask` against the cluster that the words so far name. Silent when there is none or it is slow. */
async function withTarget(
  words: readonly string[],
  ask: (tools: Awaited<ReturnType<typeof toolsFor>>) => Promise<readonly string[]>,
): Promise<readonly string[]> {
  const slow = new Promise<readonly string[]>(resolve => setTimeout(resolve, BUDGET_MS, []).unref())
  const asked = toolsFor(words)
    .then(ask)
    .catch(() => [])
  return Promise.race([asked, slow])
}

async function toolsFor(words: readonly string[]) {
  const [{ openTarget }, { kindFor }, { apiVersionOf }, { systemTerminal }] = await Promise.all([
    import('./target.ts'),
    import('./resources.ts'),
    import('../kube/kinds.ts'),
    import('./terminal.ts'),
  ])
  const known = COMMANDS.flatMap(({ flags }) => flags)
  const { flags } = parseFlags(
    words.slice(0, -1),
    known.filter((flag, i) => known.findIndex(f => f.name === flag.name) === i),
  )
  return { target: await openTarget({ flags, terminal: systemTerminal() }), kindFor, apiVersionOf }
}
