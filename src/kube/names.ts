/** Labels, annotations and names with a meaning: Kubernetes' own and ours, each written once. */

export const MANAGED_BY = 'app.kubernetes.io/managed-by'
export const FIELD_MANAGER = 'solvent'

/** On everything that a declaration becomes: its kind in lower case and its name. */
export const OWNER_KIND = 'solvent.dev/kind'
export const OWNER_NAME = 'solvent.dev/name'
/** `coordinator`, `worker`, `rank`, `replica`. */
export const ROLE = 'solvent.dev/role'
/** Number of the gang's attempt, from 0. */
export const ATTEMPT = 'solvent.dev/attempt'

export const JOB_NAME = 'batch.kubernetes.io/job-name'
export const CONTROLLER_UID = 'batch.kubernetes.io/controller-uid'
/** Label and annotation on pods of an Indexed Job. */
export const COMPLETION_INDEX = 'batch.kubernetes.io/job-completion-index'
export const POD_TEMPLATE_HASH = 'pod-template-hash'
export const DEPLOYMENT_REVISION = 'deployment.kubernetes.io/revision'
export const INITIAL_EVENTS_END = 'k8s.io/initial-events-end'
export const SERVICE_NAME = 'kubernetes.io/service-name'
export const HOSTNAME = 'kubernetes.io/hostname'

export const CODE_KEY = 'main.mjs.gz'
export const PLAN_KEY = 'plan.json.gz'

/** Where compiled pods find things; prefixed by $SOLVENT_ROOT where that is set. */
export const PLAN_DIR = '/etc/solvent/plan'
export const CODE_DIR = '/etc/solvent/code'
export const SCRATCH_DIR = '/var/solvent/scratch'
export const SERVICE_ACCOUNT_DIR = '/var/run/secrets/kubernetes.io/serviceaccount'

/** On a Service: what is scaled from 0 when somebody connects, `Deployment/NAME`, and after how many idle seconds it goes back to 0. */
export const SCALE_FROM_ZERO = 'solvent.dev/scale-from-zero'
export const SCALE_TO_ZERO_AFTER = 'solvent.dev/scale-to-zero-after'
/** On a workload: `true` lets its pods' requests follow what they use. */
export const RIGHT_SIZE = 'solvent.dev/right-size'

/** Label of nodes that are only simulated (node/fake), and the taint that keeps pods away which do not ask for such a node. */
export const FAKE_NODE = 'solvent.dev/fake'
