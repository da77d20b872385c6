/**
 * What the entry point of Spark's image makes of a pod's arguments, pure: Spark names no command in its pods, it knows its own image
 * (resource-managers/kubernetes/docker/.../entrypoint.sh). Here the image is an unpacked Spark on this machine.
 */
import { join } from 'node:path'
import type { Container } from '../../src/kube/core.ts'
import { SERVICE_ACCOUNT_DIR } from '../../src/kube/names.ts'
import type { Spark } from './programs.ts'

export interface Start {
  readonly argv: readonly string[]
  readonly env: Readonly<Record<string, string>>
}

/** `env` is the container's; `root` is where its mounts lie, for a process that sees the machine's own files. */
export function entryPoint(
  spark: Spark,
  container: Container,
  env: Readonly<Record<string, string>>,
  root: string,
): Start {
  const mounts = (container.volumeMounts ?? []).map(({ mountPath }) => mountPath)
  const placed = (text: string): string =>
    mounts.some(path => text === path || text.startsWith(`${path}/`)) ? root + text : text
  const values = Object.fromEntries(Object.entries(env).map(([name, value]) => [name, placed(value)]))
  const [role = '', ...args] = container.args ?? []
  const argv = role === 'driver' ? driver(spark, values, args.map(placed), root) : executor(spark, values)
  return { argv, env: { ...values, ...spark.env } }
}

type Values = Readonly<Record<string, string>>

const JAVA_OPTION = /^SPARK_JAVA_OPT_(\d+)$/

/** The options come numbered and in no order. */
function executor({ java, home }: Spark, env: Values): readonly string[] {
  const options = Object.keys(env)
    .filter(name => JAVA_OPTION.test(name))
    .sort((a, b) => Number(JAVA_OPTION.exec(a)?.[1]) - Number(JAVA_OPTION.exec(b)?.[1]))
  const memory = env.SPARK_EXECUTOR_MEMORY
  const flags = {
    'driver-url': env.SPARK_DRIVER_URL,
    'executor-id': env.SPARK_EXECUTOR_ID,
    cores: env.SPARK_EXECUTOR_CORES,
    'app-id': env.SPARK_APPLICATION_ID,
    hostname: env.SPARK_EXECUTOR_POD_IP,
    resourceProfileId: env.SPARK_RESOURCE_PROFILE_ID,
    podName: env.SPARK_EXECUTOR_POD_NAME,
  }
  return [
    java,
    ...options.map(name => env[name] ?? ''),
    `-Xms${memory}`,
    `-Xmx${memory}`,
    '-cp',
    `${env.SPARK_CONF_DIR}:${join(home, 'jars/*')}`,
    'org.apache.spark.scheduler.cluster.k8s.KubernetesExecutorBackend',
    ...Object.entries(flags).flatMap(([name, value]) => [`--${name}`, value ?? '']),
  ]
}

/**
 * Two settings are ours, not the entry point's: the driver's Service has a name that nothing resolves here, and its token lies elsewhere
 * than Spark believes.
 */
function driver({ home }: Spark, env: Values, args: readonly string[], root: string): readonly string[] {
  const address = env.SPARK_DRIVER_BIND_ADDRESS ?? ''
  const mounted = 'spark.kubernetes.authenticate.driver.mounted'
  const settings = {
    'spark.driver.bindAddress': address,
    'spark.executorEnv.SPARK_DRIVER_POD_IP': address,
    'spark.driver.host': address,
    [`${mounted}.oauthTokenFile`]: join(root, SERVICE_ACCOUNT_DIR, 'token'),
    [`${mounted}.caCertFile`]: join(root, SERVICE_ACCOUNT_DIR, 'ca.crt'),
  }
  const confs = Object.entries(settings).flatMap(([name, value]) => ['--conf', `${name}=${value}`])
  return [join(home, 'bin/spark-submit'), ...confs, '--deploy-mode', 'client', ...args]
}
