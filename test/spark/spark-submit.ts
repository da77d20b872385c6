/** spark-submit, as a user types it. */
import { join } from 'node:path'
import { type Outcome, runProgram } from '../e2e/embedded-cluster.ts'
import type { Spark } from './programs.ts'
import { NAMESPACE, type TestCluster } from './test-cluster.ts'

const PI = join(import.meta.dirname, 'pi.py')
const TASKS = '20'

/** Small enough for two cores; the job starts when both executors are there, however long that takes. */
const SMALL = {
  'spark.executor.instances': '2',
  'spark.executor.memory': '512m',
  'spark.driver.memory': '512m',
  'spark.kubernetes.executor.request.cores': '0.5',
  'spark.kubernetes.driver.request.cores': '0.5',
  'spark.scheduler.minRegisteredResourcesRatio': '1.0',
  'spark.scheduler.maxRegisteredResourcesWaitingTime': '300s',
  'spark.network.timeout': '300s',
  'spark.ui.enabled': 'false',
}

/** The driver is this process; it is the ServiceAccount `driver`. At the end it gives one of its executors back. */
export const submitClient = (spark: Spark, { door, caFile, tokenFile }: TestCluster): Promise<Outcome> =>
  submit(spark, NO_KUBECONFIG, ['--deploy-mode', 'client', '--master', `k8s://${door.url}`], [PI, TASKS, '1'], {
    'spark.kubernetes.dynamicAllocation.deleteGracePeriod': '1ms',
    'spark.driver.host': '127.0.0.1',
    'spark.driver.bindAddress': '127.0.0.1',
    'spark.kubernetes.authenticate.caCertFile': caFile,
    'spark.kubernetes.authenticate.oauthTokenFile': tokenFile,
  })

/** The driver is a pod that runs as `driver`. Who submits is found as kubectl finds it: by a kubeconfig, here `submitter`'s. */
export const submitCluster = (spark: Spark, { door, kubeconfig }: TestCluster): Promise<Outcome> =>
  submit(spark, kubeconfig, ['--deploy-mode', 'cluster', '--master', `k8s://${door.url}`], [`local://${PI}`, TASKS], {
    'spark.kubernetes.driver.master': door.url,
    'spark.kubernetes.authenticate.driver.serviceAccountName': 'driver',
  })

/** fabric8 reads the user's otherwise. */
const NO_KUBECONFIG = '/dev/null'

function submit(
  { home, env }: Spark,
  kubeconfig: string,
  how: readonly string[],
  program: readonly string[],
  settings: Readonly<Record<string, string>>,
): Promise<Outcome> {
  const all = {
    ...SMALL,
    'spark.kubernetes.namespace': NAMESPACE,
    'spark.kubernetes.container.image': 'spark:4.3.0',
    ...settings,
  }
  const confs = Object.entries(all).flatMap(([name, value]) => ['--conf', `${name}=${value}`])
  const argv = ['timeout', '270', join(home, 'bin/spark-submit'), ...how, '--name', 'pi', ...confs, ...program]
  return runProgram(argv, { env: { ...env, KUBECONFIG: kubeconfig } })
}
