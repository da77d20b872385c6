/** Which layers, and which of the parts at the model's ends, a pipeline rank holds. */
import type { Layout } from '../../training/layout.ts'

export interface Chunk {
  /** Of the model: this chunk has the layers from `firstLayer`, `numLayers` of them. */
  readonly firstLayer: number
  readonly numLayers: number
  readonly hasEmbedding: boolean
  readonly hasHead: boolean
}

/** By rank. Stages lie round and round the ranks; in V-shaped schedules there and back; DualPipe holds each twice, from either end. */
export function chunksByRank(layout: Pick<Layout, 'schedule' | 'pipeline' | 'stages'>): readonly (readonly Chunk[])[] {
  const { schedule, pipeline, stages } = layout
  const isV = schedule === 'zbv' || schedule === 'dualpipev'
  let firstLayer = 0
  const chunks = stages.map((numLayers, stage): Chunk => {
    const chunk = { firstLayer, numLayers, hasEmbedding: stage === 0, hasHead: stage === stages.length - 1 }
    firstLayer += numLayers
    return chunk
  })
  const ranks: Chunk[][] = Array.from({ length: pipeline }, () => [])
  for (const [stage, chunk] of chunks.entries()) {
    const place = stage % pipeline
    ranks[isV && stage >= pipeline ? pipeline - 1 - place : place]!.push(chunk)
    if (schedule === 'dualpipe') ranks[pipeline - 1 - place]!.push(chunk)
  }
  return ranks
}
