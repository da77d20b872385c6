/** docs/kubectl.md: which commands the releases of kubectl are tested with, and where the limits are. */
import { limitOf } from './limits.ts'
import type { Step } from './transcript.ts'

export function reportOf(script: readonly Step[], releases: readonly string[]): string {
  const isCommand = ({ command }: Step): boolean => /\bkubectl\b/.test(command)
  const commands = script.filter(isCommand)
  const sections = [...new Set(commands.map(({ section }) => section))]
  const within = (steps: readonly Step[], release: string): string => {
    const limited = steps.filter(step => limitOf(step, release)).length
    return limited === 0 ? `${steps.length}` : `${steps.length - limited} of ${steps.length}`
  }
  const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  const limits = commands.flatMap(step => {
    const limited = releases.flatMap(release => {
      const limit = limitOf(step, release)
      return limit ? [{ release, because: limit.because }] : []
    })
    const reasons = [...new Set(limited.map(({ because }) => because))]
    return reasons.map(reason => {
      const of = limited.filter(({ because }) => because === reason).map(({ release }) => release)
      return row([of.length === releases.length ? 'all' : of.join(', '), `\`${firstLine(step.command)}\``, reason])
    })
  })
  return `# kubectl

Written by \`npm run test:clients -- -u\`, checked by \`npm run test:clients\`: ${commands.length} commands, typed by each release against an embedded
cluster of its own, each with what it must print or change. They stand in \`test/clients/kubectl/script\`, in the order in which they are typed.

${row(['commands that do what they must', ...releases])}
${row(['---', ...releases.map(() => '---')])}
${sections
  .map(section =>
    row([
      section,
      ...releases.map(release =>
        within(
          commands.filter(step => step.section === section),
          release,
        ),
      ),
    ]),
  )
  .join('\n')}
${row(['**all**', ...releases.map(release => `**${within(commands, release)}**`)])}

## Limits

${limits.length === 0 ? 'None.' : [row(['releases', 'command', 'why']), row(['---', '---', '---']), ...limits].join('\n')}
`
}

const firstLine = (command: string): string => command.split('\n', 1)[0]!.replaceAll('|', '\\|')
