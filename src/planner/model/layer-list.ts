/** Puts layers that are equal under one shape, in order of their first appearance, so that each shape is priced once. */
import type { LayerShape, ModelSpec } from './model.ts'

/** A model from one shape a layer. */
export function modelOf(outside: Omit<ModelSpec, 'shapes' | 'layers'>, layers: readonly LayerShape[]): ModelSpec {
  const seen = new Map<string, number>()
  const shapes: LayerShape[] = []
  const indexes = layers.map(layer => {
    const key = JSON.stringify(layer)
    const known = seen.get(key)
    if (known !== undefined) return known
    seen.set(key, shapes.length)
    shapes.push(layer)
    return shapes.length - 1
  })
  return { ...outside, shapes, layers: indexes }
}
