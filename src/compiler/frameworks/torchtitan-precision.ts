/** Number formats for torchtitan: torchao's converters, by recipe. */
import type { Problem } from '../../base/problem.ts'
import { cannot, type EmissionInput, type Piece } from './emission.ts'
import type { TomlTable } from './toml.ts'

interface TitanPrecision {
  readonly value: { readonly converters: readonly string[] }
  readonly piece: Piece<TomlTable>
}

export function titanPrecision({ workload, model }: EmissionInput): TitanPrecision {
  const { gemm, fp8Scaling, fp8Parameters } = workload.precision
  const hasExperts = model.shapes.some(({ mlp }) => mlp?.kind === 'experts')
  if (gemm === 'mxfp8' || (gemm === 'fp8' && fp8Scaling === 'mx')) {
    return made(['quantize.linear.mx', ...(hasExperts ? ['quantize.grouped_mm.mx'] : [])], {
      linear: { mx: { recipe_name: 'mxfp8_cublas' } },
      ...(hasExperts ? { grouped_mm: { mx: { fqns: ['experts'] } } } : {}),
    })
  }
  if (gemm === 'fp8' && fp8Scaling !== 'block') {
    const gathers = fp8Parameters === true
    return made(['quantize.linear.float8', ...(hasExperts ? ['quantize.grouped_mm.float8'] : [])], {
      linear: {
        float8: {
          enable_fsdp_float8_all_gather: gathers,
          precompute_float8_dynamic_scale_for_fsdp: gathers,
          filter_fqns: ['output', 'router.gate'],
        },
      },
      ...(hasExperts ? { grouped_mm: { float8: { fqns: ['experts'] } } } : {}),
    })
  }
  return { value: { converters: [] }, piece: { value: {}, problems: problems(workload.precision) } }
}

const made = (converters: readonly string[], quantize: TomlTable): TitanPrecision => ({
  value: { converters },
  piece: { value: { quantize }, notes: ['Eight-bit formats need torchao'] },
})

function problems({ gemm, base }: EmissionInput['workload']['precision']): readonly Problem[] {
  if (gemm === 'fp8' || gemm === 'nvfp4') {
    const what = gemm === 'fp8' ? 'is fp8 with one scale a block' : 'is nvfp4'
    return [
      cannot(
        'spec.precision',
        what,
        'torchtitan has no converter for it',
        'Use precision: fp8 with tensor scaling, or bf16.',
      ),
    ]
  }
  if (base === 'fp16')
    return [cannot('spec.precision', 'is fp16', 'torchtitan trains in bf16 or fp32', 'Use precision: bf16.')]
  return []
}
