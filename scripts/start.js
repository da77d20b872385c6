/**
 * `npm start`: sets everything up, counts the words of this checkout's own documentation as examples/wordcount declares it, and shows what
 * was planned, what ran and what to type next. On a terminal the cluster stays for ten idle minutes; without one it is stopped again.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join, relative } from 'node:path'
import { root, setUp } from './set-up.js'

setUp()

const example = join(root, 'examples/wordcount')
const output = join(example, 'out')
const solvent = join(root, 'bin/solvent.js')
const stays = process.stdout.isTTY === true && !process.env.CI

const run = args => spawnSync(process.execPath, [solvent, ...args], { cwd: example, stdio: 'inherit' }).status ?? 1
const ask = args => {
  const { status, stdout } = spawnSync(process.execPath, [solvent, ...args, '-o', 'json'], { encoding: 'utf8' })
  return status === 0 ? JSON.parse(stdout) : undefined
}

const heading = text => console.log(process.stdout.isTTY ? `\n\x1b[1m${text}\x1b[22m` : `\n${text}`)

/** What an earlier `npm start` left is ours to remove; anything else in there is not. */
function clearOutput() {
  if (!existsSync(output)) return
  const strange = readdirSync(output).filter(name => !/^(_SUCCESS|part-[\w.-]+|[._].*)$/.test(name))
  if (strange.length > 0) {
    console.error(`${output} holds something that npm start did not write (${strange[0]}); move it away first.`)
    process.exit(1)
  }
  rmSync(output, { recursive: true })
}

/** Lines that say something: no blank ones, no comments. */
const lines = file =>
  readFileSync(join(example, file), 'utf8')
    .split('\n')
    .filter(line => line.trim() !== '' && !/^\s*(#|\/\/|\/\*|\*)/.test(line)).length

const plural = (count, noun) => `${count} ${noun}${count === 1 ? '' : 's'}`

function showDifference() {
  const kinds = 'configmaps,serviceaccounts,roles,rolebindings,services,endpointslices,jobs,pods'
  const items = ask(['get', kinds, '-l', 'solvent.dev/kind=batchjob,solvent.dev/name=wordcount'])?.items ?? []
  const pods = items.filter(({ kind }) => kind === 'Pod').length
  console.log(
    `  you wrote   ${plural(lines('job.yaml'), 'line')} of declaration and ${plural(lines('wordcount.ts'), 'line')} of code`,
  )
  console.log(
    `  there ran   ${plural(items.length - pods, 'Kubernetes object')} and ${plural(pods, 'pod')} made from them`,
  )
}

const wasRunning = ask(['status'])?.running === true
clearOutput()
const cluster = ask(['up', '--idle-timeout', '10m'])
if (!cluster) process.exit(run(['up']) || 1)
if (stays) {
  console.log('While this runs, and ten idle minutes after, kubectl and solvent get work on it from any shell:')
  console.log(`\n  export KUBECONFIG=${cluster.kubeconfig}\n  kubectl get batchjobs,jobs,pods`)
}

heading('The plan')
let code = run(['plan', 'job.yaml'])
if (code === 0) {
  heading('The run')
  code = run(['run', 'job.yaml'])
}
if (code === 0) {
  heading('What it took')
  showDifference()
  const job = relative(process.cwd(), join(example, 'job.yaml')) || 'job.yaml'
  heading('What to type next')
  const next = [
    ['get batchjobs,jobs,pods', 'what is in the cluster', stays],
    ['describe batchjob wordcount', 'the plan, the stages, the events', stays],
    [`compile ${job}`, 'the Kubernetes objects of the declaration', true],
    ['init my-job', 'a declaration of your own', true],
    ['down', 'stops the cluster, which else stops after ten idle minutes', stays],
  ].filter(([, , applies]) => applies)
  const width = Math.max(...next.map(([command]) => command.length))
  for (const [command, what] of next) console.log(`  ./bin/solvent.js ${command.padEnd(width)}   # ${what}`)
}
if (!stays && !wasRunning) run(['down'])
process.exit(code)
