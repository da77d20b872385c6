/** `solvent rollout`: where a rollout stands, its revisions, back to one, again, and its pauses. Words and answers are kubectl's. */
import { formatTime, systemClock } from '../../base/clock.ts'
import { nearest } from '../../base/did-you-mean.ts'
import { isSame } from '../../kube/equal.ts'
import { refOf, type UnknownObject } from '../../kube/object.ts'
import type { Invocation } from '../command.ts'
import { EXIT, Exit, usageError } from '../exit.ts'
import { statesOf } from '../object-states.ts'
import { toYaml } from '../render/objects.ts'
import { type Revision, revisionsOf } from '../rollout/revisions.ts'
import { rolloutStatus } from '../rollout/rollout-status.ts'
import { type Rolled, rolledFrom } from '../rollout/rollout-target.ts'
import { openTarget, type Target } from '../target.ts'

type Act = (target: Target, rolled: Rolled, invocation: Invocation) => Promise<void>

const RESTARTED_AT = 'kubectl.kubernetes.io/restartedAt'
const MANAGER = 'solvent-rollout'

const ACTS: Readonly<Record<string, Act>> = { status, history, undo, restart, pause: hold(true), resume: hold(false) }

export async function run(invocation: Invocation): Promise<number> {
  const [word, ...args] = invocation.args
  const words = Object.keys(ACTS)
  if (word === undefined) throw usageError(`say what: ${words.join(', ')}`)
  const act = ACTS[word]
  if (!act) {
    const near = nearest(word, words)
    throw usageError(
      `there is no rollout ${word}.${near ? ` Did you mean "${near}"?` : ` It takes ${words.join(', ')}.`}`,
    )
  }
  const target = await openTarget(invocation)
  for (const rolled of await rolledFrom(target, args)) await act(target, rolled, invocation)
  return EXIT.ok
}

async function status({ api }: Target, rolled: Rolled, { flags, terminal }: Invocation): Promise<void> {
  const stop = new AbortController()
  const seconds = flags.seconds('timeout', Number.POSITIVE_INFINITY)
  const timer = Number.isFinite(seconds) ? setTimeout(() => stop.abort(), seconds * 1000) : undefined
  const stays = flags.text('watch') !== 'false'
  const wanted = flags.count('revision')
  let told = ''
  try {
    for await (const object of statesOf(api, refOf(rolled.object), stop.signal)) {
      if (!object) throw new Exit(EXIT.error, `${rolled.called} was deleted`)
      const number = revisionOf(object)
      if (wanted !== undefined && number !== wanted) {
        throw new Exit(EXIT.error, `desired revision (${wanted}) is different from the running revision (${number})`)
      }
      const { kind, text } = rolloutStatus(rolled.kind, object)
      if (kind === 'failed') throw new Exit(EXIT.error, text)
      if (text !== told) terminal.print(text)
      told = text
      if (kind === 'done' || !stays) return
    }
    throw new Exit(EXIT.timeout, `timed out after ${seconds} s waiting for ${rolled.called}`)
  } finally {
    clearTimeout(timer)
    stop.abort()
  }
}

const revisionOf = ({ metadata }: UnknownObject): number =>
  Number(metadata.annotations?.['deployment.kubernetes.io/revision'] ?? 0)

async function history({ api }: Target, rolled: Rolled, { flags, terminal }: Invocation): Promise<void> {
  const revisions = await revisionsOf(api, rolled)
  const wanted = flags.count('revision')
  if (wanted !== undefined) {
    const found = revisionNamed(revisions, wanted)
    terminal.print(`${rolled.called} with revision #${wanted}`)
    await terminal.write(await toYaml(found.template as unknown as UnknownObject))
    return
  }
  terminal.print(`${rolled.called} `)
  terminal.print('REVISION  CHANGE-CAUSE')
  for (const { number, cause } of revisions) terminal.print(`${String(number).padEnd(10)}${cause ?? '<none>'}`)
}

function revisionNamed(revisions: readonly Revision[], number: number): Revision {
  const found = revisions.find(revision => revision.number === number)
  if (!found) throw new Exit(EXIT.error, `unable to find specified revision ${number} in history`)
  return found
}

async function undo({ api }: Target, rolled: Rolled, { flags, terminal }: Invocation): Promise<void> {
  if ((rolled.object.spec as { readonly paused?: boolean }).paused) {
    const why = `you cannot rollback a paused deployment; resume it first with: solvent rollout resume ${rolled.called}`
    throw new Exit(EXIT.error, why)
  }
  const revisions = await revisionsOf(api, rolled)
  const wanted = flags.count('to-revision') ?? 0
  const found = wanted > 0 ? revisionNamed(revisions, wanted) : revisions.at(-2)
  if (!found) throw new Exit(EXIT.error, `no rollout history found for ${rolled.called}`)
  const { template } = rolled.object.spec as { readonly template: unknown }
  if (isSame(template, found.template)) {
    terminal.print(`${rolled.called} skipped rollback (current template already matches revision ${found.number})`)
    return
  }
  const patch = [{ op: 'replace', path: '/spec/template', value: found.template }]
  await api.patch(refOf(rolled.object), 'json', patch, { fieldManager: MANAGER })
  terminal.print(`${rolled.called} rolled back`)
}

async function restart({ api }: Target, { called, object }: Rolled, { terminal }: Invocation): Promise<void> {
  if ((object.spec as { readonly paused?: boolean }).paused) {
    throw new Exit(EXIT.error, `can't restart paused deployment (run rollout resume first)`)
  }
  const annotations = { [RESTARTED_AT]: formatTime(systemClock.now()) }
  const patch = { spec: { template: { metadata: { annotations } } } }
  await api.patch(refOf(object), 'strategic', patch, { fieldManager: MANAGER })
  terminal.print(`${called} restarted`)
}

function hold(paused: boolean): Act {
  return async ({ api }, { kind, called, object }, { terminal }) => {
    if (kind !== 'Deployment') throw new Exit(EXIT.error, `${called} cannot be paused: only deployments can`)
    const isPaused = (object.spec as { readonly paused?: boolean }).paused ?? false
    if (isPaused === paused) throw new Exit(EXIT.error, `${called} is ${paused ? 'already' : 'not'} paused`)
    await api.patch(refOf(object), 'strategic', { spec: { paused } }, { fieldManager: MANAGER })
    terminal.print(`${called} ${paused ? 'paused' : 'resumed'}`)
  }
}
