/** Builds Kubernetes' programs once (build-kubernetes.ts); `node scripts/suite.js cluster` runs this first. */
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const script = name => fileURLToPath(new URL(name, import.meta.url))
execFileSync(process.execPath, [script('../../scripts/run-ts.js'), script('build.ts')], { stdio: 'inherit' })
