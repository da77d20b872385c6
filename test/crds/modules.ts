/** The Go modules that hold the definitions, and the folder in each. */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseAllDocuments } from 'yaml'
import type { CustomResourceDefinition } from '../../src/kube/workloads.ts'

export interface Source {
  readonly name: string
  readonly module: string
  readonly folder: string
}

export const SOURCES: readonly Source[] = [
  { name: 'Kueue', module: 'sigs.k8s.io/kueue@v0.17.0', folder: 'config/components/crd/bases' },
  { name: 'KubeRay', module: 'github.com/ray-project/kuberay/ray-operator@v1.5.0', folder: 'config/crd/bases' },
  { name: 'Gateway API', module: 'sigs.k8s.io/gateway-api@v1.6.3', folder: 'config/crd/experimental' },
  { name: 'cert-manager', module: 'github.com/cert-manager/cert-manager@v1.20.0', folder: 'deploy/crds' },
  {
    name: 'Prometheus operator',
    module: 'github.com/prometheus-operator/prometheus-operator@v0.85.0',
    folder: 'example/prometheus-operator-crd',
  },
  { name: 'Volcano', module: 'volcano.sh/volcano@v1.10.0', folder: 'config/crd/volcano/bases' },
]

/** Modules come by Go; without it the tests are skipped. */
export const HAS_GO = spawnSync('go', ['version'], { stdio: 'ignore' }).status === 0

/** All definitions of a module, as they stand there. */
export function definitionsOf({ module, folder }: Source): readonly CustomResourceDefinition[] {
  const cwd = mkdtempSync(join(tmpdir(), 'solvent-crds-'))
  try {
    const text = execFileSync('go', ['mod', 'download', '-json', module], { cwd, encoding: 'utf8', timeout: 300_000 })
    const { Dir } = JSON.parse(text) as { readonly Dir: string }
    const files = readdirSync(join(Dir, folder)).filter(file => file.endsWith('.yaml'))
    return files.flatMap(file =>
      parseAllDocuments(readFileSync(join(Dir, folder, file), 'utf8'))
        .map(document => document.toJSON() as CustomResourceDefinition | null)
        .filter(object => object?.kind === 'CustomResourceDefinition')
        .map(object => object as CustomResourceDefinition),
    )
  } finally {
    rmSync(cwd, { recursive: true })
  }
}
