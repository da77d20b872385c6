/** Installs Debian's Chromium where there is none and we may. Elsewhere CHROMIUM names the browser to use. */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'

const installed = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/google-chrome'].some(
  path => path && existsSync(path),
)
if (!installed) {
  const isRoot = process.getuid?.() === 0
  const apt = (...args) =>
    spawnSync('apt-get', ['-qq', ...args], { stdio: ['ignore', 'ignore', 'inherit'] }).status === 0
  if (!isRoot || !apt('update') || !apt('install', '-y', '--no-install-recommends', 'chromium')) {
    console.error('No Chromium here: install it (apt-get install chromium) or name one: CHROMIUM=/path/to/chrome')
    process.exit(1)
  }
}
