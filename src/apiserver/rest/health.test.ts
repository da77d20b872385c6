/** What /healthz, /livez and /readyz say. */
import { expect, test } from 'vitest'
import { healthText } from './health.ts'

test.each([
  ['/livez', false, 'ok'],
  ['/readyz/', false, 'ok'],
  ['/livez', true, '[+]ping ok\n[+]log ok\n[+]etcd ok\nlivez check passed\n'],
  ['/healthz/ping', false, 'ok'],
  ['/healthz/nothing', false, undefined],
  ['/readyz/ping/more', false, undefined],
  ['/version', true, undefined],
])('%s (verbose: %s) is %j', (path, isVerbose, text) => expect(healthText(path, isVerbose)).toBe(text))
