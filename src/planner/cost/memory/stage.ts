/** Which layers, and which of the parts at the model's ends, a pipeline rank holds. */
import type { Layout } from '../../training/layout.ts'

export interface Chunk {
  /** Of the model: this chunk has the layers from `firstLayer`, `numLayers` of them. */
  readonly firstLayer: number
  readonly numLayers: number
  readonly hasEmbedding: boolean
  readonly hasHead: boolean
}

/** Stages lie round and round the ranks; in V-shaped schedules there and back; DualPipe holds each twice, from either end. */
export function chunksOfRank(layout: Pick<Layout, 'schedule' | 'pipeline' | 'stages'>, rank: number): readonly Chunk[] {
  const { schedule, pipeline, stages } = layout
  const depth = stages.length
  const isV = schedule === 'zbv' || schedule === 'dualpipev'
  const mine = stages.flatMap((_, stage) => {
    const place = stage % pipeline
    const rankOfStage = isV && stage >= pipeline ? pipeline - 1 - place : place
    return rankOfStage === rank ? [stage] : []
  })
  const all = schedule === 'dualpipe' ? [...mine, ...mine.map(stage => depth - 1 - stage)] : mine
  return all.map(stage => ({
    firstLayer: stages.slice(0, stage).reduce((sum, layers) => sum + layers, 0),
    numLayers: stages[stage]!,
    hasEmbedding: stage === 0,
    hasHead: stage === depth - 1,
  }))
}
