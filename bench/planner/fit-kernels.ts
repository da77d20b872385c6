/**
 * Fits the constants of cost/kernels to the measured kernels of `extract/` and writes src/planner/cost/kernels/data: `node scripts/run-ts.js
 * bench/planner/fit-kernels.ts`. No training run takes part. `npm run bench:kernels` prints the errors on what was held out.
 */
import { writeFileSync } from 'node:fs'
import type { AttentionFit, HeadClass } from '../../src/planner/cost/kernels/fitted-attention.ts'
import type { GemmFit } from '../../src/planner/cost/kernels/fitted-gemm.ts'
import { attentionRows, fitAttention } from './fit-kernels-attention.ts'
import { expertsRows, fitExperts } from './fit-kernels-experts.ts'
import { fitGemm, GEMM_HELD_OUT_BY } from './fit-kernels-gemm.ts'
import { columnsOf, MEASURED_DEVICES, measured, measuredDevice } from './fit-kernels-measured.ts'
import { fitPass } from './fit-kernels-pass.ts'

const data = `${import.meta.dirname}/../../src/planner/cost/kernels/data`
const FORMAT_NAMES: Readonly<Record<string, string>> = { fp8_block: 'fp8Block' }

type Tree = { readonly [key: string]: Tree | number }

/** `column` of a table by device, then by what else it names. */
function byDevice<T>(table: string, find: (device: string, format: string) => T): Record<string, Record<string, T>> {
  const fits: Record<string, Record<string, T>> = {}
  for (const column of columnsOf(table)) {
    const [key, format = ''] = column.split('.') as [string, string?]
    const name = MEASURED_DEVICES[key]!
    fits[name] = { ...fits[name], [FORMAT_NAMES[format] ?? format]: find(key, format) }
  }
  return fits
}

const gemms = byDevice('gemm', (key, format) =>
  fitGemm(measuredDevice(key), format, measured('gemm', `${key}.${format}`, GEMM_HELD_OUT_BY)),
)

const experts = byDevice('experts', (key, format) => {
  const gemm = gemms[MEASURED_DEVICES[key]!]![FORMAT_NAMES[format] ?? format] as GemmFit
  return fitExperts(gemm, measuredDevice(key), format, expertsRows(`${key}.${format}`))
})

const passes = Object.fromEntries(
  columnsOf('cast').map(key => [MEASURED_DEVICES[key]!, fitPass(measuredDevice(key), measured('cast', key, ['m']))]),
)

function attention(): Record<string, Record<HeadClass, AttentionFit>> {
  const classes: readonly HeadClass[] = ['64', '128', '256', 'latent']
  return Object.fromEntries(
    columnsOf('attention').map(key => {
      const fits = Object.fromEntries(
        classes.map(name => [name, fitAttention(measuredDevice(key), attentionRows(key, name))]),
      ) as Record<HeadClass, AttentionFit | undefined>
      // The A100 was measured at 128 only. Others from FlashAttention-2 on H100 (2407.08608, figure 5): 64 reaches .89, 256 .90 of it.
      const middle = fits[128]!
      const small = fits[64] ?? { ...middle, efficiency: 0.89 * middle.efficiency }
      const large = fits[256] ?? { ...middle, efficiency: 0.9 * middle.efficiency }
      return [MEASURED_DEVICES[key]!, { '64': small, '128': middle, '256': large, latent: fits.latent! }]
    }),
  )
}

function source(tree: Tree | number, indent = '  '): string {
  if (typeof tree === 'number') return String(Number(tree.toPrecision(5)))
  const lines = Object.entries(tree).map(([key, value]) => `${indent}'${key}': ${source(value, `${indent}  `)},`)
  return `{\n${lines.join('\n')}\n${indent.slice(2)}}`
}

function write(file: string, comment: string, imports: string, name: string, type: string, tree: object) {
  const head = `/** ${comment}, fitted to aiconfigurator-core 0.12.0 (Apache-2.0). Generated: node scripts/run-ts.js bench/planner/fit-kernels.ts */`
  writeFileSync(`${data}/${file}`, `${head}\n${imports}\n\nexport const ${name}: ${type} = ${source(tree as Tree)}\n`)
}

write(
  'gemm-fits.ts',
  'GEMM constants by device and format',
  "import type { GemmFit, GemmFormat } from '../fitted-gemm.ts'",
  'GEMM_FITS',
  'Readonly<Record<string, Readonly<Partial<Record<GemmFormat, GemmFit>>>>>',
  gemms,
)
write(
  'attention-fits.ts',
  'Fused attention by device and head size',
  "import type { AttentionFit, HeadClass } from '../fitted-attention.ts'",
  'ATTENTION_FITS',
  'Readonly<Record<string, Readonly<Record<HeadClass, AttentionFit>>>>',
  attention(),
)
write(
  'experts-fits.ts',
  'Layers of experts by device and format',
  "import type { ExpertsFit } from '../fitted-experts.ts'\nimport type { GemmFormat } from '../fitted-gemm.ts'",
  'EXPERTS_FITS',
  'Readonly<Record<string, Readonly<Partial<Record<GemmFormat, ExpertsFit>>>>>',
  experts,
)
write(
  'pass-fits.ts',
  'Passes over memory by device (the cast of bf16 to fp8)',
  "import type { PassFit } from '../fitted-pass.ts'",
  'PASS_FITS',
  'Readonly<Record<string, PassFit>>',
  passes,
)
