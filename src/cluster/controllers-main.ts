/** All controllers in a process of their own (dist/controllers.cjs). */
import { join } from 'node:path'
import { ensurePki } from '../apiserver/pki/pki.ts'
import { signRequest } from '../apiserver/pki/sign-request.ts'
import { startControllers } from '../controllers/start-controllers.ts'
import { lead } from './lead-part.ts'
import { runPart } from './run-part.ts'

runPart({
  part: 'controllers',
  who: () => 'controllers',
  patienceMs: () => 200,
  async start(context) {
    const { api, clock, log, given } = context
    const pki = ensurePki(join(given.cluster, 'pki'))
    return lead('kube-controller-manager', context, () =>
      startControllers({
        api,
        clock,
        log,
        rootCa: pki.ca,
        sign: (request, expirationSeconds) => signRequest(pki, { request, expirationSeconds, now: clock.now() }),
      }),
    )
  },
})
