/** Finished map outputs on this worker's disk. They outlive the process: a worker that restarts in its pod still has them to offer. */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { MapOutput } from '../protocol.ts'

type Kept = Omit<MapOutput, 'address'>

export class KeptOutputs {
  readonly folder: string
  private readonly outputs: Kept[] = []

  /** Takes up what an earlier process of the same run has left, and clears away the rest. */
  constructor(scratch: string, run: string) {
    const root = join(scratch, 'outputs')
    this.folder = join(root, run)
    mkdirSync(this.folder, { recursive: true })
    for (const other of readdirSync(root))
      if (other !== run) rmSync(join(root, other), { recursive: true, force: true })
    const names = readdirSync(this.folder)
    const whole = new Set(names.filter(name => name.endsWith('.json')).map(name => name.slice(0, -'.json'.length)))
    for (const name of names) {
      if (whole.has(name)) this.outputs.push(JSON.parse(readFileSync(join(this.folder, `${name}.json`), 'utf8')))
      else if (!whole.has(name.replace(/\.json$/, '')))
        rmSync(join(this.folder, name), { recursive: true, force: true })
    }
  }

  all(address: string): readonly MapOutput[] {
    return this.outputs.map(output => ({ ...output, address }))
  }

  /** A name that no other attempt has, so that a path that exists is the file that is meant. */
  newBase(split: number): string {
    return join(this.folder, `map-${split}-${process.pid}-${Math.random().toString(36).slice(2, 10)}`)
  }

  keep(output: Kept): void {
    const manifest = `${output.base}.json`
    writeFileSync(`${manifest}.tmp`, JSON.stringify(output))
    renameSync(`${manifest}.tmp`, manifest)
    this.outputs.push(output)
  }
}
