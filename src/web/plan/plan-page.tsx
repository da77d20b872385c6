/** The plan explorer: the question on the left, the planner's answer on the right. */
import { useEffect, useMemo, useState } from 'preact/hooks'
import { formatProblem } from '../../base/problem.ts'
import type { Answer } from './answer.ts'
import { PlannerClient } from './planner-client.ts'
import { fromAddress, type Question, toAddress } from './question.ts'
import { Alternatives } from './views/alternatives.tsx'
import { Breakdown } from './views/breakdown.tsx'
import { Card } from './views/card.tsx'
import { Headline } from './views/headline.tsx'
import { Memory } from './views/memory.tsx'
import { QuestionForm } from './views/question-form.tsx'
import { Reasons, RuledOut, RunnersUp, WhatIf } from './views/sentences.tsx'
import { Timeline } from './views/timeline.tsx'
import { Topology } from './views/topology.tsx'

export function PlanPage() {
  const [question, setQuestion] = useState<Question>(() => fromAddress(location.hash))
  const [answer, setAnswer] = useState<Answer>()
  const [waiting, setWaiting] = useState(true)
  const planner = useMemo(
    () =>
      new PlannerClient(next => {
        setAnswer(next)
        setWaiting(false)
      }),
    [],
  )
  useEffect(() => {
    const back = (): void => setQuestion(fromAddress(location.hash))
    addEventListener('popstate', back)
    return () => {
      removeEventListener('popstate', back)
      planner.close()
    }
  }, [])
  useEffect(() => {
    setWaiting(true)
    planner.ask(question)
  }, [question])
  const ask = (next: Question): void => {
    history.pushState(undefined, '', toAddress(next))
    setQuestion(next)
  }
  return (
    <div class="page">
      <aside class="ask">
        <h1>Plan explorer</h1>
        <p>How to train a model on a fleet, computed in this browser.</p>
        <QuestionForm question={question} ask={ask} />
      </aside>
      <main class={waiting ? 'answer stale' : 'answer'} aria-busy={waiting} aria-live="polite">
        {answer === undefined ? <p class="quiet">Planning…</p> : <AnswerView answer={answer} />}
      </main>
    </div>
  )
}

function AnswerView({ answer }: { readonly answer: Answer }) {
  switch (answer.kind) {
    case 'planned': {
      const { analysis, timeline, declaration } = answer
      return (
        <>
          <Headline {...answer} />
          <Breakdown breakdown={analysis.breakdown} />
          <Memory analysis={analysis} />
          <Alternatives analysis={analysis} />
          <RunnersUp alternatives={analysis.alternatives} />
          <Timeline timeline={timeline} />
          <Topology analysis={analysis} />
          <Reasons plan={analysis.plan} />
          <WhatIf counterfactuals={analysis.counterfactuals} replan={analysis.replan} />
          <RuledOut search={analysis.search} />
          <Card title="As a declaration" note="solvent plan job.yaml says the same">
            <pre>{declaration}</pre>
          </Card>
        </>
      )
    }
    case 'problems':
      return (
        <section class="card wide problems" role="alert" data-testid="problems">
          <ul>
            {answer.problems.map(problem => (
              <li key={formatProblem(problem)}>{formatProblem(problem)}</li>
            ))}
          </ul>
        </section>
      )
    case 'failed':
      return (
        <section class="card wide problems" role="alert">
          The planner failed, which is a fault of ours: {answer.message}
        </section>
      )
  }
}
