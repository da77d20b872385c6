/**
 * Hybrids for Megatron-LM: layers as a string of letters (`hybrid_layer_allocation.py`), one a mixer or a feed-forward part, with a bar
 * between pipeline stages. `M` Mamba, `*` attention, `+` latent attention, `-` dense, `E` experts.
 */
import { type LayerShape, type ModelSpec, shapeOf } from '../../planner/model/model.ts'

/** Layers that are not one attention and one feed-forward part each. */
export const isHybrid = (model: ModelSpec): boolean =>
  model.shapes.some(({ mixer, mlp }) => !mixer || !mlp || mixer.kind === 'stateSpace')

export function hybridPattern(model: ModelSpec, stages: readonly number[]): string {
  let layer = 0
  const parts = stages.map(count => {
    let letters = ''
    for (let i = 0; i < count; i++) letters += lettersOf(shapeOf(model, layer++))
    return letters
  })
  const last = lettersOf(shapeOf(model, model.layers.length - 1))
  return [parts.join('|'), ...Array.from({ length: model.mtpLayers }, () => last)].join('/')
}

function lettersOf({ mixer, mlp }: LayerShape): string {
  const mixes = mixer ? { attention: '*', latent: '+', stateSpace: 'M' }[mixer.kind] : ''
  return `${mixes}${mlp ? { dense: '-', experts: 'E' }[mlp.kind] : ''}`
}
