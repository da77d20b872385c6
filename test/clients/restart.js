/** `node restart.js SOLVENT STATE`: ends a cluster and starts it again, over the same store and at the same port. */
import { execFileSync } from 'node:child_process'

const [solvent, state] = process.argv.slice(2)
for (const command of ['down', 'up']) {
  execFileSync(process.execPath, [solvent, command, '--state', state], { stdio: 'inherit' })
}
