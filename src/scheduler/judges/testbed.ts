/** Nodes and pods in few words, and what one judge says of them: for the tests that retell kube-scheduler's own. */
import type { Node, Pod, PodSpec } from '../../kube/core.ts'
import type { KubeObject } from '../../kube/object.ts'
import { Board } from '../board.ts'
import { viewOfNode } from '../node-view.ts'
import { type NamespaceLabels, viewOfPod } from '../pod-view.ts'
import type { Judge } from './judge.ts'

type Labels = Readonly<Record<string, string>>
type Metadata = KubeObject['metadata']

/** `foo=bar,zone=z1`, values may be empty. */
export const labelsOf = (text: string): Labels =>
  Object.fromEntries(
    text
      .split(',')
      .filter(part => part !== '')
      .map(part => [part.split('=')[0] ?? '', part.split('=')[1] ?? '']),
  )

export const node = (name: string, labels = '', more: Partial<Node> = {}): Node => ({
  ...{ apiVersion: 'v1', kind: 'Node' },
  ...{ metadata: { name, labels: labelsOf(labels) } },
  ...more,
})

export interface PodShape {
  readonly labels?: string
  readonly namespace?: string
  readonly spec?: Partial<PodSpec>
  readonly metadata?: Partial<Metadata>
}

let serial = 0
export function pod({ labels = '', namespace = '', spec = {}, metadata = {} }: PodShape = {}): Pod {
  const uid = `p-${serial++}`
  return {
    ...{ apiVersion: 'v1', kind: 'Pod' },
    metadata: { name: uid, uid, namespace, labels: labelsOf(labels), ...metadata },
    spec: { containers: [], ...spec },
  }
}

export const on = (nodeName: string, shape: PodShape = {}): Pod => pod({ ...shape, spec: { ...shape.spec, nodeName } })

export interface Stage {
  readonly nodes: readonly Node[]
  readonly pods?: readonly Pod[]
  readonly namespaceLabels?: NamespaceLabels
}

export function boardOf({ nodes, pods = [], namespaceLabels }: Stage, judges: readonly Judge[], comes: Pod): Board {
  const views = nodes.map(each => {
    const there = pods.filter(({ spec }) => spec.nodeName === each.metadata.name)
    return viewOfNode(each, there.map(viewOfPod))
  })
  return new Board(views, { judges, namespaceLabels, hasChoosers: viewOfPod(comes).terms !== undefined })
}

/** By node: `fits`, the reasons, or the reasons and `!` where removing pods would not help. */
export function verdicts(judge: Judge, comes: Pod, stage: Stage): readonly string[] {
  const board = boardOf(stage, [judge], comes)
  const opinion = board.about('', viewOfPod(comes))
  return board.list.map(view => {
    const refused = opinion.refusalOf(view)
    return refused ? `${refused.reasons.join(', ')}${refused.isHopeless ? '!' : ''}` : 'fits'
  })
}

/** Scores from 0 to 100, of those nodes that are candidates (all unless named); undefined: the judge has no preference. */
export function scores(
  judge: Judge,
  comes: Pod,
  stage: Stage,
  candidates?: readonly string[],
): readonly number[] | undefined {
  const board = boardOf(stage, [judge], comes)
  const judgement = judge(viewOfPod(comes), board)
  const among = board.list.filter(({ name }) => !candidates || candidates.includes(name))
  return judgement?.scores?.of(among) ?? (judgement?.score ? among.map(judgement.score) : undefined)
}
