/**
 * The way to CEL for who may never need it: its parser and functions are loaded with the first expression. Whoever compiles where nobody
 * can wait passes `NotLoaded` on, to be asked again.
 */
import { NotLoaded } from '../../base/not-loaded.ts'
import type { Compiled } from './program.ts'

type Cel = typeof import('./program.ts')

let loaded: Cel | undefined

export async function loadCel(): Promise<void> {
  loaded ??= await import('./program.ts')
}

export function compileExpression(...given: Parameters<Cel['compileExpression']>): Compiled {
  if (!loaded) throw new NotLoaded('CEL', loadCel)
  return loaded.compileExpression(...given)
}
