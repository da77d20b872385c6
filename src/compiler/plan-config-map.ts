/** The plan as an immutable ConfigMap, named after its content: another plan is another name and another pod template. */
import { gzipSync } from 'node:zlib'
import type { Problem } from '../base/problem.ts'
import { formatBytes } from '../base/units.ts'
import { canonicalJson } from '../kube/canonical-json.ts'
import { contentHash8 } from '../kube/content-name.ts'
import type { ConfigMap } from '../kube/core.ts'
import { PLAN_KEY } from '../kube/names.ts'
import type { BatchPlan } from '../planner/batch/plan.ts'
import type { Declaration } from '../spec/kinds.ts'
import { metadataFor, nameOf } from './made-for.ts'

/** Kubernetes lets a ConfigMap have 1 MiB; base64 and metadata are not counted, a little room is kept all the same. */
const MOST_BYTES = 900 * 1024

/** The name comes from the plan, not from its gzipped form, which differs between versions of zlib. */
export function gzippedPlan(job: Declaration, plan: BatchPlan): ConfigMap {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: metadataFor(job, planName(job, plan)),
    immutable: true,
    binaryData: { [PLAN_KEY]: gzip(canonicalJson(plan)).toString('base64') },
  }
}

export const planName = (declaration: Declaration, content: unknown): string =>
  `${nameOf(declaration)}-plan-${contentHash8(content)}`

/** Byte 9 of the header names the operating system; 255 is "unknown" (RFC 1952), so that all machines write the same. */
function gzip(text: string): Buffer {
  const zipped = gzipSync(text, { level: 9 })
  zipped[9] = 255
  return zipped
}

export function tooManyFiles(map: ConfigMap, plan: BatchPlan): readonly Problem[] {
  const bytes = Buffer.from(map.binaryData?.[PLAN_KEY] ?? '', 'base64').length
  if (bytes <= MOST_BYTES) return []
  const what = `matches ${plan.input.files.length} files, whose list takes ${formatBytes(bytes)}`
  const why = `a ConfigMap holds ${formatBytes(MOST_BYTES)} of it`
  return [
    {
      field: `spec.input.${plan.input.format}`,
      what,
      why,
      fix: 'Name fewer files, or larger ones that hold the same.',
    },
  ]
}
