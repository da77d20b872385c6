/** Help as text: examples first, then flags. */
import { nearest } from '../base/did-you-mean.ts'
import type { Command } from './command.ts'
import type { Flag } from './flag.ts'
import type { Style } from './terminal.ts'

export function commandHelp(command: Command, globals: readonly Flag[], style: Style): string {
  const usage = ['solvent', command.name, command.usage, command.flags.length > 0 ? '[flags]' : undefined]
  return [
    `${command.summary}.`,
    '',
    ...command.examples.map(line => `  ${line}`),
    '',
    `${style.bold('Usage:')} ${usage.filter(Boolean).join(' ')}`,
    ...section('Flags', command.flags, style),
    ...section('Global flags', globals, style),
  ].join('\n')
}

export function overview(
  groups: readonly { readonly title: string; readonly commands: readonly Command[] }[],
  style: Style,
): string {
  const width = Math.max(...groups.flatMap(({ commands }) => commands.map(({ name }) => name.length))) + 2
  return [
    'Solvent runs a distributed computation from one short declaration.',
    '',
    '  solvent init && solvent run job.yaml',
    '',
    ...groups.flatMap(({ title, commands }) => [
      style.bold(`${title}:`),
      ...commands.map(({ name, summary }) => `  ${name.padEnd(width)}${summary}`),
      '',
    ]),
    `${style.bold('Exit codes:')} 0 done, 1 error, 2 wrong usage or declaration, 3 not placeable, 4 your code failed, 124 timed out`,
    '',
    'solvent COMMAND --help says more. Without --context, --kubeconfig or SOLVENT_CONTEXT everything runs on this machine.',
  ].join('\n')
}

function section(title: string, flags: readonly Flag[], style: Style): readonly string[] {
  if (flags.length === 0) return []
  const heads = flags.map(({ name, short, value }) => {
    const long = `--${name}${value ? ` ${value}` : ''}`
    return short ? `-${short}, ${long}` : `    ${long}`
  })
  const width = Math.max(...heads.map(head => head.length)) + 3
  return ['', style.bold(`${title}:`), ...flags.map(({ help }, i) => `  ${heads[i]!.padEnd(width)}${help}`)]
}

export function unknownCommand(word: string, commands: readonly Command[]): string {
  const near = nearest(
    word,
    commands.map(({ name }) => name),
  )
  return `there is no command "${word}". ${near ? `Did you mean "${near}"?` : 'solvent --help lists all.'}`
}
