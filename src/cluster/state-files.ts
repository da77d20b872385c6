/** What the state folder tells others of a running cluster: kubeconfig and cluster.json, written whole, and only when the port answers. */
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { writeKubeconfig } from '../client/kubeconfig.ts'

export interface ClusterFile {
  readonly server: string
  readonly kubeconfig: string
  readonly pid: number
  readonly spawnerPid: number
}

/** The kubeconfig first: whoever sees cluster.json finds everything in place. */
export function announce(state: string, server: string, ca: string, token: string, spawnerPid: number): ClusterFile {
  const kubeconfig = join(state, 'kubeconfig')
  writeKubeconfig(kubeconfig, { server, ca, token })
  const file: ClusterFile = { server, kubeconfig, pid: process.pid, spawnerPid }
  const path = join(state, 'cluster.json')
  writeFileSync(`${path}.${process.pid}`, `${JSON.stringify(file)}\n`, { mode: 0o600 })
  renameSync(`${path}.${process.pid}`, path)
  return file
}

/** Nobody may take a cluster that has ended for a running one. */
export const withdraw = (state: string): void => rmSync(join(state, 'cluster.json'), { force: true })

/** The port of an earlier life: taken again where it is free, so that kubeconfigs and environments of people stay true. */
export function lastPort(state: string): number | undefined {
  try {
    const { server } = JSON.parse(readFileSync(join(state, 'kubeconfig'), 'utf8')).clusters[0].cluster
    return Number(new URL(server).port) || undefined
  } catch {
    return undefined
  }
}
