/**
 * Asks Kubernetes' own code (Go: apimachinery and structured-merge-diff) and writes its answers down for src/kube/upstream.test.ts:
 * `node scripts/run-ts.js test/cluster/ask-judge.ts` writes, `… --verify [SEED]` compares thousands
 * of fresh cases instead, `… --many N` as many as are asked for. Needs Go.
 */
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isSame } from '../../src/kube/equal.ts'
import { protobufKinds } from '../../src/kube/protobuf/messages.ts'
import { seededRandom } from '../crash/simulated-disk.ts'
import { program } from './build-kubernetes.ts'
import { type ApplyCase, caseMaker, type PatchCase } from './judge/cases.ts'
import { type FilledCase, type Recorded, sideBySide } from './judge/compare.ts'

const TARGET = join(import.meta.dirname, '../../src/kube/testdata/upstream.jsonl')

/** In pieces: a hundred thousand answers are more than one string holds. */
function ask(cases: readonly (PatchCase | ApplyCase | FilledCase)[]): readonly Recorded[] {
  const PIECE = 5000
  const pieces = Array.from({ length: Math.ceil(cases.length / PIECE) }, (_, i) =>
    cases.slice(i * PIECE, (i + 1) * PIECE),
  )
  return pieces.flatMap(askPiece)
}

const judge = await program('judge')

function askPiece(cases: readonly (PatchCase | ApplyCase | FilledCase)[]): readonly Recorded[] {
  const input = cases.map(each => JSON.stringify(each)).join('\n')
  const { stdout, status, stderr } = spawnSync(judge, { input, maxBuffer: 2 ** 30, encoding: 'utf8' })
  if (status !== 0) throw new Error(stderr)
  const answers = stdout
    .trim()
    .split('\n')
    .map(line => JSON.parse(line))
  // A kind that this release of Kubernetes does not have yet is answered with null.
  return cases.flatMap((each, i) =>
    answers[i] === null ? [] : [{ kind: kindOf(each), case: each, upstream: answers[i] } as Recorded],
  )
}

const kindOf = (each: PatchCase | ApplyCase | FilledCase): Recorded['kind'] =>
  'fill' in each ? 'protobuf' : 'patch' in each ? 'patch' : 'apply'

const [mode, given] = process.argv.slice(2)
const isVerify = mode === '--verify' || mode === '--many'
const make = caseMaker(seededRandom(mode === '--verify' ? Number(given ?? Date.now()) : isVerify ? Date.now() : 1))
/** Of `--many N` a third are patches, a third histories of applies and updates of pods, a third those of a kind with every type of list. */
const many = Math.ceil(Number(given ?? 0) / 3)
const [patches, applies, things, fillings] =
  mode === '--many' ? [many, many, many, 0] : isVerify ? [10_000, 4_000, 4_000, 100] : [80, 25, 25, 1]
const kinds = protobufKinds().map(each => each.split(' ') as [string, string])
const recorded = ask([
  ...Array.from({ length: patches }, make.patchCase),
  ...Array.from({ length: applies }, make.applyCase),
  ...Array.from({ length: things }, make.thingCase),
  ...kinds.flatMap(([apiVersion, kind]) =>
    Array.from({ length: fillings }, (_, seed): FilledCase => ({ fill: { apiVersion, kind, seed } })),
  ),
])
/** A list that an apply has emptied is null in Go and gone here: who writes it anew claims one thing more there or here. */
const isEmptied = ({ kind, upstream }: Recorded): boolean =>
  kind === 'apply' && /":null[,}]/.test(JSON.stringify(upstream))
const emptied = recorded.filter(isEmptied).length
const differing = recorded.filter(each => {
  if (isEmptied(each)) return false
  const { upstream, ours } = sideBySide(each)
  return !isSame(upstream, ours)
})
for (const each of differing.slice(0, 3)) console.log(JSON.stringify({ case: each.case, ...sideBySide(each) }))
for (const kind of ['patch', 'apply', 'protobuf']) {
  const [all, wrong] = [recorded, differing].map(list => list.filter(each => each.kind === kind).length)
  console.log(`${kind}: ${all} cases, ${wrong} answered differently`)
}
if (emptied > 0) console.log(`${emptied} applies left out, in which a list was emptied (test/cluster/README.md)`)
if (!isVerify)
  writeFileSync(
    TARGET,
    `${recorded
      .filter(each => !isEmptied(each))
      .map(each => JSON.stringify(each))
      .join('\n')}\n`,
  )
process.exit(differing.length > 0 ? 1 : 0)
