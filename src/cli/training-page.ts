/** What `solvent plan` shows of a training job whose model is known: the page, what-if questions, a trace; or two jobs side by side. */
import { writeFileSync } from 'node:fs'
import { traceStep } from '../planner/explain/step-timeline.ts'
import type { TrainingAnalysis } from '../planner/explain/training/analysis.ts'
import type { FleetSources } from '../planner/fleet/resolve-fleet.ts'
import type { Invocation } from './command.ts'
import type { Item } from './declared.ts'
import { usageError } from './exit.ts'
import { fleetsFor } from './fleet-sources.ts'
import { readMeasured } from './measured-steps.ts'
import { comparePage } from './plan-page/compare-page.ts'
import { measuredSection } from './plan-page/measured-section.ts'
import { planPage } from './plan-page/plan-page.ts'
import { hasModel, type ModelItem } from './planned.ts'
import type { ShownPlan } from './shown-plan.ts'
import type { Source } from './sources.ts'
import { stateFolder } from './state-folder.ts'
import type { Foreseen } from './surroundings.ts'
import { type AnalysedJob, analysedJob, changedAnalysis, forget, learnFrom } from './training-plans.ts'

export async function trainingPage(
  item: ModelItem,
  items: readonly Item[],
  invocation: Invocation,
  seen: Foreseen,
): Promise<ShownPlan> {
  const { flags, terminal } = invocation
  const sources = await fleetsFor(items, seen.surroundings)
  const analysed = measuredJob(item, sources, invocation)
  const { analysis } = analysed
  const trace = flags.text('trace')
  if (trace !== undefined) {
    writeTrace(trace, analysis)
    terminal.note(`The step as a trace is in ${trace}: open it in ui.perfetto.dev or chrome://tracing.`)
  }
  const style = terminal.style
  const whatIf = flags
    .list('what-if')
    .map(change => ({ change, analysis: changedAnalysis(item, analysed, change, sources) }))
  return {
    data: {
      ...dataOf(analysis),
      ...(whatIf.length > 0 ? { whatIf: whatIf.map(each => ({ change: each.change, ...dataOf(each.analysis) })) } : {}),
    },
    lines:
      whatIf.length > 0
        ? whatIf.flatMap((each, i) => [
            ...(i > 0 ? [''] : []),
            ...comparePage(
              { name: analysis.plan.name, analysis },
              { name: each.change, analysis: each.analysis },
              style,
            ),
          ])
        : [...planPage(analysis, style), ...measuredLines(analysed, invocation)],
  }
}

/** `--measured FILE` learns, `--measured none` forgets; without it what was learned before counts. */
function measuredJob(item: ModelItem, sources: FleetSources, { flags }: Invocation): AnalysedJob {
  const folder = stateFolder(flags.text('state'))
  const file = flags.text('measured')
  const analysed = analysedJob(item, sources, folder)
  if (file === undefined) return analysed
  return file === 'none' ? forget(analysed, folder) : learnFrom(readMeasured(file), item, analysed, sources, folder)
}

function measuredLines({ factor, predicted }: AnalysedJob, { terminal }: Invocation): readonly string[] {
  if (!factor) return []
  const { title, lines } = measuredSection(factor, predicted.breakdown)
  return ['', terminal.style.bold(title), ...lines.map(line => `  ${line}`)]
}

/** The plan's own fields first, as scripts know them; all that is said about it below `analysis`. */
function dataOf({ plan, ...analysis }: TrainingAnalysis): object {
  return { kind: 'TrainingJob', ...plan, analysis }
}

function writeTrace(file: string, { model, fleet, workload, best, software }: TrainingAnalysis): void {
  writeFileSync(file, JSON.stringify(traceStep({ model, fleet, workload, layout: best.layout, software })))
}

export interface ComparedFile {
  readonly source: Source
  readonly items: readonly Item[]
}

export async function compareFiles(
  files: readonly ComparedFile[],
  invocation: Invocation,
  seen: Foreseen,
): Promise<ShownPlan> {
  const sides = await Promise.all(
    files.map(async ({ source, items }) => {
      const jobs = items.filter(hasModel)
      if (jobs.length !== 1) {
        throw usageError(
          `--compare wants files with one TrainingJob that names its model; ${source.file} has ${jobs.length}`,
        )
      }
      const { analysis } = measuredJob(jobs[0]!, await fleetsFor(items, seen.surroundings), invocation)
      return { name: source.file, analysis }
    }),
  )
  const [left, right] = sides
  return {
    data: { compared: sides.map(({ name, analysis }) => ({ file: name, ...dataOf(analysis) })) },
    lines: comparePage(left!, right!, invocation.terminal.style),
  }
}
