/** Asks the worker; only the answer to the latest question is told. A worker that is still busy with an older one is replaced. */
import type { Answer, Reply, Request } from './answer.ts'
import type { Question } from './question.ts'

export class PlannerClient {
  private worker: Worker | undefined
  private latest = 0
  private busy = false
  private readonly tell: (answer: Answer) => void

  constructor(tell: (answer: Answer) => void) {
    this.tell = tell
  }

  ask(question: Question): void {
    if (this.busy) this.worker?.terminate()
    if (this.busy || !this.worker) this.worker = this.start()
    this.busy = true
    this.worker.postMessage({ id: ++this.latest, question } satisfies Request)
  }

  close(): void {
    this.worker?.terminate()
  }

  private start(): Worker {
    const worker = new Worker('plan-worker.js', { type: 'module' })
    worker.onmessage = ({ data }: MessageEvent<Reply>) => {
      if (data.id !== this.latest) return
      this.busy = false
      this.tell(data)
    }
    worker.onerror = ({ message }) => {
      this.busy = false
      this.worker = undefined
      this.tell({ kind: 'failed', message })
    }
    return worker
  }
}
