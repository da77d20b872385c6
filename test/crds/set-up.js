/** kubectl comes with the packages of test/clients. */
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'

const clients = join(import.meta.dirname, '../clients')
if (!existsSync(join(clients, 'node_modules'))) {
  execFileSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: clients, stdio: 'inherit' })
}
