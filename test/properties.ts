/** Property tests draw the same cases each time, so that a red run can be run again; `SOLVENT_SEED=N npm test` draws others. */
import fc from 'fast-check'

fc.configureGlobal({ seed: Number(process.env.SOLVENT_SEED ?? 20_261_124) })
