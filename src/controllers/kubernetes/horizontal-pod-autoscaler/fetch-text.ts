/** A page over HTTP, of a pod that may hang, talk without end, or speak something else. */
import { get as getHttp } from 'node:http'
import { get as getHttps } from 'node:https'

const TIMEOUT_MS = 2_000
const MAX_BYTES = 4 * 1024 * 1024

export function fetchText(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { timeout: TIMEOUT_MS, agent: false, rejectUnauthorized: false, headers: { accept: 'text/plain' } }
    const request = (url.startsWith('https:') ? getHttps : getHttp)(url, options, response => {
      if (response.statusCode !== 200) {
        request.destroy(new Error(`HTTP status ${response.statusCode}`))
        return
      }
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (part: string) => {
        text += part
        if (text.length > MAX_BYTES) request.destroy(new Error(`more than ${MAX_BYTES} bytes`))
      })
      response.on('end', () => resolve(text))
      response.on('error', reject)
    })
    const giveUp = setTimeout(() => request.destroy(new Error(`no answer within ${TIMEOUT_MS} ms`)), TIMEOUT_MS)
    giveUp.unref()
    request.on('close', () => clearTimeout(giveUp))
    request.on('error', reject)
  })
}
