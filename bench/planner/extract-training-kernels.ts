/**
 * Times of training's own kernels, from the tables that SimuMax (Apache-2.0, commit 4dcaae5) measured on one B200 and one A100 PCIe machine and keeps as
 * efficiencies: Transformer Engine's GEMMs in the three layouts of a linear layer, the weight's gradient added in fp32, grouped GEMMs, and
 * attention in both directions. Into `extract/training-gemm.csv` and `extract/training-attention.csv`; nothing is fitted to them but the few
 * constants that name them.
 *
 *   node scripts/run-ts.js bench/planner/extract-training-kernels.ts SIMUMAX/configs/system
 */
import { readFileSync, writeFileSync } from 'node:fs'

const MACHINES = [
  { device: 'B200 SXM', file: 'b200_bf16_ceperm.json', peakFlops: 2250e12 },
  { device: 'A100-80GB PCIe', file: 'a100_pcie.json', peakFlops: 312e12 },
]
const KINDS: Readonly<Record<string, string>> = { fwd: 'forward', bwd_grad_act: 'dgrad', bwd_grad_w: 'wgrad' }
const folder = `${import.meta.dirname}/extract`

type Efficiencies = Readonly<Record<string, number>>

const fields = (key: string): Record<string, string> =>
  Object.fromEntries(key.split(', ').map(part => part.split('=') as [string, string]))

const microseconds = (flops: number, efficiency: number, peakFlops: number): number =>
  Number(((flops / (efficiency * peakFlops)) * 1e6).toPrecision(4))

const gemms: string[] = []
const attention: string[] = []
for (const { device, file, peakFlops } of MACHINES) {
  const operations = JSON.parse(readFileSync(`${process.argv[2]}/${file}`, 'utf8')).accelerator.op
  const table = (name: string): [string, number][] =>
    Object.entries((operations[name]?.accurate_efficient_factor ?? {}) as Efficiencies)
  for (const [key, efficiency] of table('matmul')) {
    const { b, m, n, k, out_dtype: out } = fields(key)
    const [rows, columns, depth] = [m, n, k].map(Number) as [number, number, number]
    if (b !== '1') continue
    // As sizes of the layer's forward product: a weight's gradient sums over the tokens.
    const shape = out === 'fp32' ? ['wgrad', 1, depth, rows, columns] : ['forward', 1, rows, columns, depth]
    gemms.push([device, ...shape, microseconds(2 * rows * columns * depth, efficiency, peakFlops)].join(','))
  }
  for (const [key, efficiency] of table('group_matmul')) {
    const { ng, M, N, K, stage } = fields(key)
    const us = microseconds(2 * Number(ng) * Number(M) * Number(N) * Number(K), efficiency, peakFlops)
    gemms.push([device, KINDS[stage!], ng, M, N, K, us].join(','))
  }
  for (const [name, direction, products] of [
    ['sdp_fwd', 'forward', 2],
    ['sdp_bwd', 'backward', 5],
  ] as const)
    for (const [key, efficiency] of table(name)) {
      const f = fields(key)
      if (f.qkv_contiguous === 'False') continue
      const [heads, sequence] = [Number(f.head_num), Number(f.seq_len)]
      const [headDim, valueDim] = [Number(f.qk_head_dim), Number(f.v_head_dim)]
      // Counted without the mask that the kernel skips.
      const flops = products * Number(f.batch) * heads * sequence ** 2 * (headDim + valueDim)
      attention.push(
        [
          device,
          direction,
          f.batch,
          sequence,
          heads,
          f.kv_head_num,
          headDim,
          valueDim,
          microseconds(flops, efficiency, peakFlops),
        ].join(','),
      )
    }
}
const source = 'SimuMax 4dcaae5, configs/system, Apache-2.0'
writeFileSync(`${folder}/training-gemm.csv`, `# bf16; ${source}\ndevice,kind,experts,m,n,k,us\n${gemms.join('\n')}\n`)
writeFileSync(
  `${folder}/training-attention.csv`,
  `# bf16, causal; ${source}\ndevice,direction,batch,sequence,heads,kv_heads,head_dim,value_dim,us\n${attention.join('\n')}\n`,
)
console.log(`${gemms.length} products, ${attention.length} attention cores`)
