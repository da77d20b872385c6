/** What a release of kubectl cannot do here, and why: docs/kubectl.md shows it, and the test expects these commands to fail. */
import { isMeant, type Step } from './transcript.ts'

export interface Limit {
  readonly releases: string
  readonly command: RegExp
  readonly because: string
}

export const LIMITS: readonly Limit[] = [
  {
    releases: '>=1.30',
    command: /--output=plaintext-openapiv2/,
    because: '`/openapi/v2` is not served: `explain` without this option reads version 3',
  },
]

export const limitOf = ({ command }: Step, release: string): Limit | undefined =>
  LIMITS.find(limit => isMeant(limit.releases, release) && limit.command.test(command))
