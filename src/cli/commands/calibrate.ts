/** `solvent calibrate`: this machine's devices, measured, as a Fleet that a TrainingJob can be planned for. */
import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import type { MeasuredDevice } from '../../spec/measured-device.ts'
import type { Invocation } from '../command.ts'
import { EXIT, Exit, usageError } from '../exit.ts'
import { fleetText } from '../fleet-text.ts'
import { torchPackage, torchPython } from '../torch-python.ts'

export async function run({ args, flags, terminal }: Invocation): Promise<number> {
  if (args.length > 1) throw usageError('calibrate takes one name, that of the Fleet')
  const name = args[0] ?? fleetName(hostname())
  if (!/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(name))
    throw usageError(`"${name}" is no name of an object: small letters, digits and hyphens`)
  const python = torchPython(flags.text('python'))
  terminal.note(`measuring with ${python}; other work on this machine is measured as well`)
  const measured = JSON.parse(
    await measure(python, optionsOf(flags), line => terminal.note(line)),
  ) as MeasuredDevice & {
    readonly seconds: number
  }
  const { seconds, ...device } = measured
  const text = fleetText(name, device)
  const file = flags.text('file')
  if (file === undefined) await terminal.write(text)
  else {
    writeFileSync(file, text)
    terminal.print(`wrote ${file}`)
  }
  const { devices, threads, kind } = device
  const unit = kind === 'cpu' ? (threads === 1 ? 'one core' : `${threads} cores`) : device.name
  terminal.note(
    `${devices} devices of ${unit} in ${seconds.toFixed(0)} s. Plan for them with fleet: { name: ${name} } in the same file.`,
  )
  return EXIT.ok
}

/** As an object may be called. */
const fleetName = (host: string): string =>
  host
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 63) || 'here'

function optionsOf(flags: Invocation['flags']): readonly string[] {
  return ['devices', 'threads'].flatMap(name => {
    const count = flags.count(name)
    if (count === undefined) return []
    if (count < 1) throw usageError(`--${name} is at least 1, not ${count}`)
    return [`--${name}`, `${count}`]
  })
}

/** What the measuring program says goes on as it comes; what it found is its output. */
function measure(python: string, options: readonly string[], say: (line: string) => void): Promise<string> {
  const child = spawn(python, ['-m', 'solvent_torch.calibrate', ...options], {
    env: { ...process.env, PYTHONPATH: torchPackage(), OMP_NUM_THREADS: '1', TORCH_CPP_LOG_LEVEL: 'ERROR' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const end = (): boolean => child.kill('SIGTERM')
  process.once('SIGINT', end)
  let found = ''
  let rest = ''
  child.stdout.on('data', chunk => {
    found += chunk
  })
  child.stderr.on('data', chunk => {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) say(line)
  })
  return new Promise((resolve, reject) => {
    child.on('error', error => reject(new Exit(EXIT.error, `${python} does not start: ${error.message}`)))
    child.on('close', code => {
      process.removeListener('SIGINT', end)
      if (code === 0) return resolve(found)
      reject(new Exit(EXIT.error, rest || `the measuring program ended with ${code}; what it said stands above`))
    })
  })
}
