/** All rules, by the kind that they are about. A rule is added by adding its file and its line here. */
import type { Problem } from '../../base/problem.ts'
import type { BatchJob, Declaration, Fleet, Server, TrainingJob } from '../kinds.ts'
import { algebraForDuckDb } from './algebra-for-duckdb.ts'
import { algebraForSplit } from './algebra-for-split.ts'
import { batchDivides, expertsDivide, headsDivide, sequenceDivides } from './degrees-divide.ts'
import { configOfServer, envOfRanks } from './env-names.ts'
import { expertFits } from './expert-fits.ts'
import { exportBesideModule } from './export-beside-module.ts'
import { kOfTopK } from './k-of-top-k.ts'
import { dataBesideModel, modelIsWhole } from './model-is-whole.ts'
import { nameFits } from './name-fits.ts'
import { namespaceFits } from './namespace-fits.ts'
import { fleetIsWhole, oneFleet } from './one-fleet.ts'
import { oneFramework } from './one-framework.ts'
import { oneInput } from './one-input.ts'
import { oneMap } from './one-map.ts'
import { oneOutput } from './one-output.ts'
import { oneReduce } from './one-reduce.ts'
import { pathsAreFiles } from './paths-are-files.ts'
import { replicasAreOrdered, workersAreOrdered } from './range-is-ordered.ts'
import { ranksFillPods } from './ranks-fill-pods.ts'
import type { Rule } from './rule.ts'
import { checkFitsProtocol, oneCheckAProbe } from './server-probes.ts'
import { canaryFitsRollout, filesAreAbsolute, oneFileAPlace, oneProgram } from './server-program.ts'
import { fromZeroOverTcp, scalesByOneThing } from './server-scaling.ts'
import { splitCompiles } from './split-compiles.ts'
import { splitReadsText } from './split-reads-text.ts'
import { sqlGivesKeyAndValue } from './sql-gives-key-and-value.ts'
import { chunksFitSchedule, recomputeFits, shardRanksDivide, stagesFit } from './strategy-fits.ts'
import { strategyFitsReduce } from './strategy-fits-reduce.ts'

interface RulesByKind {
  readonly BatchJob: readonly Rule<BatchJob>[]
  readonly TrainingJob: readonly Rule<TrainingJob>[]
  readonly Server: readonly Rule<Server>[]
  readonly Fleet: readonly Rule<Fleet>[]
}

const EVERY_KIND: readonly Rule<Declaration>[] = [nameFits, namespaceFits, pathsAreFiles]

const RULES: RulesByKind = {
  BatchJob: [
    oneInput,
    oneMap,
    oneReduce,
    oneOutput,
    exportBesideModule('map'),
    exportBesideModule('reduce'),
    kOfTopK,
    algebraForSplit,
    algebraForDuckDb,
    splitReadsText,
    splitCompiles,
    sqlGivesKeyAndValue,
    workersAreOrdered,
    strategyFitsReduce,
  ],
  TrainingJob: [
    oneFramework,
    modelIsWhole,
    dataBesideModel,
    oneFleet,
    headsDivide,
    expertsDivide,
    expertFits,
    batchDivides,
    sequenceDivides,
    stagesFit,
    chunksFitSchedule,
    recomputeFits,
    shardRanksDivide,
    ranksFillPods,
    envOfRanks,
  ],
  Server: [
    oneProgram,
    replicasAreOrdered,
    configOfServer,
    oneCheckAProbe,
    checkFitsProtocol,
    scalesByOneThing,
    fromZeroOverTcp,
    filesAreAbsolute,
    oneFileAPlace,
    canaryFitsRollout,
  ],
  Fleet: [fleetIsWhole],
}

/** `unsure`: fields that are already known to be wrong; rules that read them would only say it again. */
export function brokenRules(
  declaration: Declaration,
  kind: Declaration['kind'],
  unsure: readonly string[],
): readonly Problem[] {
  const rules: readonly Rule<Declaration>[] = [...EVERY_KIND, ...(RULES[kind] as readonly Rule<Declaration>[])]
  const isSure = ({ reads }: Rule<Declaration>): boolean => !reads.some(read => unsure.some(bad => overlaps(read, bad)))
  return rules.filter(isSure).flatMap(rule => rule.check(declaration))
}

/** Whether one of two fields lies inside the other. The empty field is the whole document. */
const overlaps = (a: string, b: string): boolean => a === b || isInside(a, b) || isInside(b, a)
const isInside = (outer: string, inner: string): boolean =>
  outer === '' || (inner.startsWith(outer) && (inner[outer.length] === '.' || inner[outer.length] === '['))
