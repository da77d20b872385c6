/** Fields that several of our kinds share, described once. */
import type { StructuralSchema } from '../../kube/schema.ts'
import { integer, list, quantity, record, text, time } from './words.ts'

export const image = text(
  'Container image that holds the program. Needed on a real cluster; the embedded cluster runs the command on the programs of this machine.',
  { minLength: 1 },
)

export const resources = (whose: string): StructuralSchema =>
  record(`What one ${whose} asks the scheduler for. Its memory is also its limit.`, {
    cpu: quantity('Cores, such as 2 or 500m.'),
    memory: quantity('Bytes, such as 400Mi or 2Gi.'),
  })

export const code = record(
  'Where the bundled user code lies. Written by the command line, which bundles the modules that the declaration names.',
  {
    configMap: text('Name of the immutable ConfigMap whose binaryData "main.mjs.gz" is one gzipped ES module.', {
      minLength: 1,
    }),
  },
  ['configMap'],
)

export const workingDir = text(
  "Folder in which the command starts. Relative to the YAML file; that file's folder unless an image is given.",
  { minLength: 1 },
)

export const command = (description: string): StructuralSchema =>
  list(description, text('Program, then its arguments. No shell reads them.'), { minItems: 1 })

export const ttl = integer(
  'Seconds after its end at which the job and all that it made are deleted. Kept until deleted by hand when absent.',
  { minimum: 0 },
)

export const conditions = list(
  'What has been observed of it, in the form that kubectl wait understands.',
  record(
    'One claim, and whether it holds.',
    {
      type: text('The claim, such as Planned, Complete or Failed.'),
      status: text('Whether it holds: True, False or Unknown.'),
      reason: text('One word that says why.'),
      message: text('A sentence that says why.'),
      lastTransitionTime: time('When status last changed.'),
      lastProbeTime: { ...time('When it was last looked at.'), nullable: true },
      observedGeneration: integer('Generation of the declaration that the claim is about.'),
    },
    ['type', 'status'],
  ),
)

export const observedGeneration = integer('Generation of the declaration that this status is about.')
export const startTime = time('When the work started.')
export const completionTime = time('When the work ended.')
