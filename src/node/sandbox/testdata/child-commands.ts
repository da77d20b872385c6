/** `HostCommands` for tests: children of the test itself. In the product they are children of the spawner. */
import { spawn } from 'node:child_process'
import type { HostCommandResult, HostCommands } from '../../../base/host-commands.ts'

export const childCommands: HostCommands = {
  run: (argv, { stdin = '' } = {}) =>
    new Promise<HostCommandResult>(resolve => {
      const child = spawn(argv[0] ?? '', argv.slice(1), { stdio: 'pipe' })
      let stdout = ''
      let stderr = ''
      child.stdout.on('data', chunk => (stdout += chunk))
      child.stderr.on('data', chunk => (stderr += chunk))
      child.on('error', error => resolve({ code: 127, stdout, stderr: error.message }))
      child.on('close', code => resolve({ code: code ?? 137, stdout, stderr }))
      child.stdin.on('error', () => {})
      child.stdin.end(stdin)
    }),
}
