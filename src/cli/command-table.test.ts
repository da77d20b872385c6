import { expect, test } from 'vitest'
import { COMMANDS } from './command-table.ts'
import { GLOBAL_FLAGS } from './global-flags.ts'
import { commandHelp, overview } from './help.ts'
import { styleOf } from './terminal.ts'

const plain = styleOf(false)

test.each(COMMANDS.map(command => [command.name, command] as const))(
  '%s can be loaded and helps',
  async (name, command) => {
    expect(typeof (await command.load()).run).toBe('function')
    const names = [...command.flags, ...GLOBAL_FLAGS].map(flag => flag.name)
    expect(new Set(names).size, 'each flag once').toBe(names.length)
    const shorts = [...command.flags, ...GLOBAL_FLAGS].flatMap(({ short }) => (short ? [short] : []))
    expect(new Set(shorts).size, 'each letter once').toBe(shorts.length)
    const help = commandHelp(command, GLOBAL_FLAGS, plain)
    expect(help).toContain(`solvent ${name}`)
    expect(help.split('\n').filter(line => line.length > 120)).toEqual([])
    expect(command.examples.length).toBeGreaterThan(0)
    for (const example of command.examples) expect(example).toContain(name)
  },
)

test('the help of a command opens with what it does and an example', () => {
  expect(commandHelp(COMMANDS.find(({ name }) => name === 'down')!, GLOBAL_FLAGS, plain)).toBe(`\
Stop the embedded cluster and all that runs in it.

  solvent down
  solvent down --state ./cluster
  solvent down --node here-2

Usage: solvent down [flags]

Flags:
      --node NAME   only this node (not the first); it stays down until up --node
      --state DIR   state folder of the embedded cluster ($SOLVENT_STATE, else ~/.local/state/solvent)

Global flags:
  -h, --help              show this help
  -v, --verbosity LEVEL   6 shows HTTP calls, 8 stack traces too`)
})

test('the overview names every command and the exit codes', () => {
  const text = overview([{ title: 'All', commands: COMMANDS }], plain)
  for (const { name, summary } of COMMANDS) expect(text).toMatch(new RegExp(`^  ${name} +${summary.slice(0, 20)}`, 'm'))
  expect(text).toContain('Exit codes: 0 done, 1 error, 2 wrong usage or declaration')
})
