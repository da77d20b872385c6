/** The communication groups of a layout as lists of ranks, in Megatron's numbering (training/rank-map.ts). */

import { denseMap, expertMap } from '../training/degree-maps.ts'
import type { Layout } from '../training/layout.ts'
import { groupsAlong } from '../training/rank-map.ts'
import type { GroupName } from './group-spans.ts'

export type RankGroups = Readonly<Record<GroupName, readonly (readonly number[])[]>>
export type GroupedLayout = Pick<
  Layout,
  'data' | 'context' | 'tensor' | 'pipeline' | 'expert' | 'expertTensor' | 'zero' | 'shardRanks'
>

export function rankGroups(layout: GroupedLayout): RankGroups {
  const dense = denseMap(layout)
  const experts = expertMap(layout)
  const averaged = groupsAlong(dense, ['context', 'data'])
  const copies = groupsAlong(experts, ['expertData'])
  const shard = layout.zero > 0 ? Math.min(layout.shardRanks, layout.data * layout.context) : 1
  const expertShard = expertShardRanks(layout, shard, copies[0]!.length)
  return {
    tensor: groupsAlong(dense, ['tensor']),
    context: groupsAlong(dense, ['context']),
    pipeline: groupsAlong(dense, ['pipeline']),
    expert: groupsAlong(experts, ['expert']),
    expertTensor: groupsAlong(experts, ['expertTensor']),
    shard: averaged.flatMap(group => inParts(group, shard)),
    replicas: averaged.flatMap(group => acrossParts(group, shard)),
    data: averaged,
    expertShard: copies.flatMap(group => inParts(group, expertShard)),
    expertReplicas: copies.flatMap(group => acrossParts(group, expertShard)),
    expertData: copies,
  }
}

/** Ranks of a shard that hold the same expert: those of its reach, `expert x expertTensor` apart. */
const expertShardRanks = ({ tensor, expert, expertTensor }: GroupedLayout, shard: number, copies: number): number =>
  Math.max(1, Math.min(copies, Math.floor((shard * tensor) / (expert * expertTensor))))

const inParts = (group: readonly number[], size: number): readonly (readonly number[])[] =>
  Array.from({ length: Math.floor(group.length / size) }, (_, part) => group.slice(part * size, (part + 1) * size))

const acrossParts = (group: readonly number[], size: number): readonly (readonly number[])[] =>
  Array.from({ length: size }, (_, place) =>
    Array.from({ length: Math.floor(group.length / size) }, (_part, part) => group[part * size + place]!),
  )
