/** Whether a command is meant for a real cluster; apart from what talks to one, which commands that ask nobody do not load. */
import type { Flags } from './flags.ts'

export const namesRealCluster = (flags: Flags, env: NodeJS.ProcessEnv = process.env): boolean =>
  flags.has('context') || flags.has('kubeconfig') || Boolean(env.SOLVENT_CONTEXT)
