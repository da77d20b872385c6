/** A plan as the configuration of a framework that can run it. */
import type { Result } from '../../base/problem.ts'
import { emitAccelerate } from './accelerate.ts'
import { emitDeepSpeed } from './deepspeed.ts'
import type { EmissionInput, Emitted } from './emission.ts'
import { emitMegatron } from './megatron.ts'
import { emitRankFile } from './rank-file.ts'
import { emitTorchtitan } from './torchtitan.ts'
import { emitTransformers } from './transformers.ts'

const EMITTERS = {
  megatron: emitMegatron,
  torchtitan: emitTorchtitan,
  deepspeed: emitDeepSpeed,
  accelerate: emitAccelerate,
  transformers: emitTransformers,
  ranks: (input: EmissionInput) => emitRankFile(input),
} as const

export type Framework = keyof typeof EMITTERS

export const emit = (framework: Framework, input: EmissionInput): Result<Emitted> => EMITTERS[framework](input)
