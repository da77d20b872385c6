/** The question: what model, what fleet, what batch, and which degrees are fixed by hand. */
import type { ComponentChildren } from 'preact'
import { useId } from 'preact/hooks'
import { PUBLISHED_MODELS } from '../../../planner/model/published-models.ts'
import { FIXABLE, type Question } from '../question.ts'

interface FormProps {
  readonly question: Question
  readonly ask: (question: Question) => void
}

const FLEETS = [
  ['a100', 'A100 80 GB'],
  ['h100', 'H100'],
  ['h200', 'H200'],
  ['b200', 'B200'],
  ['gb200-nvl72', 'GB200 NVL72 (racks)'],
] as const

export function QuestionForm({ question, ask }: FormProps) {
  const change = (part: Partial<Question>): void => ask({ ...question, ...part })
  return (
    <form onSubmit={event => event.preventDefault()}>
      <Field
        title="Model"
        control={id => (
          <select id={id} value={question.model} onChange={event => change({ model: event.currentTarget.value })}>
            {PUBLISHED_MODELS.map(({ name, title }) => (
              <option key={name} value={name}>
                {title}
              </option>
            ))}
            <option value="own">a config.json of your own</option>
          </select>
        )}
      />
      {question.model === 'own' && (
        <Field
          title="Hugging Face config.json"
          control={id => (
            <textarea
              id={id}
              spellcheck={false}
              value={question.config}
              placeholder={'{ "model_type": "llama", … }'}
              onInput={event => change({ config: event.currentTarget.value })}
            />
          )}
        />
      )}
      <div class="pair">
        <Field
          title="Fleet"
          control={id => (
            <select id={id} value={question.fleet} onChange={event => change({ fleet: event.currentTarget.value })}>
              {FLEETS.map(([name, title]) => (
                <option key={name} value={name}>
                  {title}
                </option>
              ))}
            </select>
          )}
        />
        <Count
          title={question.fleet.includes('nvl72') ? 'Racks' : 'Devices'}
          value={question.count}
          onChange={count => change({ count })}
        />
      </div>
      <div class="pair">
        <Count title="Sequence" value={question.sequence} onChange={sequence => change({ sequence })} />
        <Count title="Global batch" value={question.globalBatch} onChange={globalBatch => change({ globalBatch })} />
      </div>
      <Field
        title="Precision"
        control={id => (
          <select
            id={id}
            value={question.precision}
            onChange={event => change({ precision: event.currentTarget.value })}
          >
            <option value="bf16">bf16</option>
            <option value="fp8">fp8</option>
          </select>
        )}
      />
      <details open={Object.keys(question.fixed).length > 0}>
        <summary>Fix degrees by hand</summary>
        <div class="pair">
          {FIXABLE.map(axis => (
            <Field
              key={axis}
              title={axis}
              control={id => (
                <input
                  id={id}
                  inputMode="numeric"
                  name={axis}
                  value={question.fixed[axis] ?? ''}
                  placeholder="auto"
                  onChange={event => {
                    const { [axis]: _, ...others } = question.fixed
                    const value = Number(event.currentTarget.value)
                    change({ fixed: value > 0 ? { ...others, [axis]: Math.round(value) } : others })
                  }}
                />
              )}
            />
          ))}
        </div>
      </details>
    </form>
  )
}

function Field({ title, control }: { readonly title: string; readonly control: (id: string) => ComponentChildren }) {
  const id = useId()
  return (
    <div class="field">
      <label for={id}>{title}</label>
      {control(id)}
    </div>
  )
}

const Count = ({
  title,
  value,
  onChange,
}: {
  readonly title: string
  readonly value: number
  readonly onChange: (value: number) => void
}) => (
  <Field
    title={title}
    control={id => (
      <input
        id={id}
        type="number"
        min={1}
        value={value}
        name={title.toLowerCase()}
        onChange={event => {
          const count = Math.round(event.currentTarget.valueAsNumber)
          if (count >= 1) onChange(count)
        }}
      />
    )}
  />
)
