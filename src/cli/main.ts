/** The command line's entry: finds the command, parses its flags, runs it, turns what it throws into a message and an exit code. */
import { isApiError } from '../kube/status.ts'
import { COMMAND_GROUPS, COMMANDS } from './command-table.ts'
import { EXIT, Exit } from './exit.ts'
import { parseFlags } from './flags.ts'
import { GLOBAL_FLAGS } from './global-flags.ts'
import { systemTerminal, type Terminal } from './terminal.ts'

export async function main(argv: readonly string[], terminal: Terminal = systemTerminal()): Promise<number> {
  try {
    return await dispatch(argv, terminal)
  } catch (error) {
    return report(error, terminal, wantsStack(argv))
  }
}

async function dispatch(argv: readonly string[], terminal: Terminal): Promise<number> {
  const [name, ...rest] = argv
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') return showHelp(rest, terminal)
  if (name === '__complete') return (await import('./complete.ts')).complete(rest, terminal)
  const command = COMMANDS.find(each => each.name === name)
  if (!command) {
    const { unknownCommand } = await import('./help.ts')
    throw new Exit(EXIT.usage, unknownCommand(name, COMMANDS))
  }
  const { args, flags } = parseFlags(rest, [...command.flags, ...GLOBAL_FLAGS])
  if (flags.on('help')) return showHelp([name], terminal)
  const { run } = await command.load()
  return run({ args, flags, terminal })
}

async function showHelp(words: readonly string[], terminal: Terminal): Promise<number> {
  const { commandHelp, overview, unknownCommand } = await import('./help.ts')
  const word = words.find(each => !each.startsWith('-'))
  const command = COMMANDS.find(({ name }) => name === word)
  if (word && !command) throw new Exit(EXIT.usage, unknownCommand(word, COMMANDS))
  terminal.print(
    command ? commandHelp(command, GLOBAL_FLAGS, terminal.style) : overview(COMMAND_GROUPS, terminal.style),
  )
  return EXIT.ok
}

/** `-v 8` or more, wherever it stands: an error may be one of reading the flags. */
const wantsStack = (argv: readonly string[]): boolean => /(^| )(-v|--verbosity)[= ]?[89]( |$)/.test(argv.join(' '))

/** What a system error means to someone who typed a command. */
const UNREACHABLE = new Set(['ECONNREFUSED', 'ECONNRESET', 'ENOTFOUND', 'ETIMEDOUT', 'EHOSTUNREACH', 'EPIPE'])

function report(error: unknown, terminal: Terminal, verbose: boolean): number {
  const red = terminal.noteStyle.red
  const say = (text: string): void => terminal.note(`${red('error:')} ${text}`)
  if (verbose && error instanceof Error) terminal.note(error.stack ?? '')
  if (error instanceof Exit) {
    if (error.message !== '') say(error.message)
    return error.code
  }
  if (isApiError(error)) {
    say(`from the server (${error.reason ?? error.code}): ${error.message}`)
    return EXIT.error
  }
  const { code, message, stack } = error as NodeJS.ErrnoException
  if (code && UNREACHABLE.has(code)) {
    say(`the cluster does not answer: ${message}`)
  } else {
    say(code ? message : `${stack ?? String(error)}\nThis is a bug in solvent; please report it.`)
  }
  return EXIT.error
}
