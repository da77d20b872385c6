/** Shows a page in the user's browser where there is one to show it. A machine without a screen is no error: the address is printed. */
import { spawn } from 'node:child_process'

export function openBrowser(url: string, env: NodeJS.ProcessEnv = process.env): void {
  const program = process.platform === 'darwin' ? 'open' : env.DISPLAY || env.WAYLAND_DISPLAY ? 'xdg-open' : undefined
  if (program === undefined) return
  const child = spawn(program, [url], { stdio: 'ignore', detached: true })
  child.on('error', () => {})
  child.unref()
}
