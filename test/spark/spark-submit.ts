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

/** The driver is this process; it is the ServiceAccount `driver`. */
export const submitClient = (spark: Spark, { door, caFile, tokenFile }: TestCluster): Promise<Outcome> =>
  submit(spark, 'client', door.url, PI, {
    'spark.driver.host': '127.0.0.1',
    'spark.driver.bindAddress': '127.0.0.1',
    'spark.kubernetes.authenticate.caCertFile': caFile,
    'spark.kubernetes.authenticate.oauthTokenFile': tokenFile('driver'),
  })

/** The driver is a pod that runs as `driver`; `submitter` makes it. */
export const submitCluster = (spark: Spark, { door, caFile, tokenFile }: TestCluster): Promise<Outcome> =>
  submit(spark, 'cluster', door.url, `local://${PI}`, {
    'spark.kubernetes.driver.master': door.url,
    'spark.kubernetes.authenticate.submission.caCertFile': caFile,
    'spark.kubernetes.authenticate.submission.oauthTokenFile': tokenFile('submitter'),
    'spark.kubernetes.authenticate.driver.serviceAccountName': 'driver',
  })

function submit(
  { home, env }: Spark,
  mode: 'client' | 'cluster',
  master: string,
  program: string,
  settings: Readonly<Record<string, string>>,
): Promise<Outcome> {
  const all = {
    ...SMALL,
    'spark.kubernetes.namespace': NAMESPACE,
    'spark.kubernetes.container.image': 'spark:4.3.0',
    ...settings,
  }
  const confs = Object.entries(all).flatMap(([name, value]) => ['--conf', `${name}=${value}`])
  const how = ['--master', `k8s://${master}`, '--deploy-mode', mode, '--name', 'pi']
  return runProgram([join(home, 'bin/spark-submit'), ...how, ...confs, program, TASKS], { env })
}
