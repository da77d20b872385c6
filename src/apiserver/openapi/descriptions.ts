/**
 * What `explain` says of the fields that are looked up most, in a few words of our own. All others have their type, enum and default only:
 * upstream's sentences are not ours to copy.
 */
const OF_FIELDS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta': {
    name: 'Unique among the objects of its kind in a namespace.',
    generateName: 'A prefix to which the server adds five characters where no name is given.',
    namespace: 'The space in which the name is unique; cluster-wide kinds have none.',
    labels: 'Keys and values by which selectors find the object.',
    annotations: 'Keys and values that tools keep with the object; nothing selects by them.',
    ownerReferences: 'The object goes when all of these are gone.',
    finalizers: 'While any of these stands, a deleted object stays.',
    resourceVersion: 'Changes with every write; a write that names an old one is refused.',
  },
  'io.k8s.api.core.v1.Pod': {
    spec: 'What shall run.',
    status: 'What was observed, written by the node.',
  },
  'io.k8s.api.core.v1.PodSpec': {
    containers: 'What runs side by side; at least one.',
    initContainers: 'What runs to its end before the containers start, one after another.',
    volumes: 'What containers may mount, by name.',
    restartPolicy: 'Whether containers that ended are started again.',
    nodeName: 'The node that runs the pod; set by the scheduler.',
    nodeSelector: 'Labels that the node must have.',
    serviceAccountName: 'As whom the pod speaks to the API.',
    terminationGracePeriodSeconds: 'Seconds between the request to stop and the kill.',
    priorityClassName: 'Who goes first when there is too little.',
    runtimeClassName: 'With what the containers are run.',
    schedulingGates: 'The pod is not scheduled while any of these stands.',
  },
  'io.k8s.api.core.v1.Container': {
    name: 'Unique in the pod; a DNS label.',
    image: 'What to run.',
    command: 'Replaces the entry point of the image.',
    args: 'Arguments of the command.',
    env: 'Environment variables.',
    ports: 'Ports that the container listens on, for people and for names.',
    resources: 'What it requests and at most gets.',
    volumeMounts: 'Where volumes of the pod appear.',
    livenessProbe: 'Fails: the container is restarted.',
    readinessProbe: 'Fails: the pod gets no traffic.',
    startupProbe: 'Until it succeeds the other probes wait.',
  },
  'io.k8s.api.core.v1.ResourceRequirements': {
    limits: 'The most that may be used.',
    requests: 'What is set aside when the pod is scheduled.',
    claims: 'Claims to devices, by their names in the pod.',
  },
  'io.k8s.api.core.v1.ServiceSpec': {
    type: 'Who can reach it: the cluster, a node’s port, a balancer, or a name elsewhere.',
    selector: 'Labels of the pods behind it.',
    ports: 'Its ports and the pods’ ports behind them.',
    clusterIP: 'Its address; None for a name that resolves to the pods themselves.',
    sessionAffinity: 'Whether a client keeps its pod.',
  },
  'io.k8s.api.apps.v1.DeploymentSpec': {
    replicas: 'How many pods there shall be.',
    selector: 'Labels of its pods; never changes.',
    template: 'What its pods are made from.',
    strategy: 'How old pods are replaced by new ones.',
    paused: 'Changes of the template wait.',
    revisionHistoryLimit: 'How many old ReplicaSets are kept to go back to.',
  },
  'io.k8s.api.batch.v1.JobSpec': {
    completions: 'How many pods must succeed.',
    parallelism: 'How many run at a time.',
    completionMode: 'Indexed gives each pod a number of its own.',
    backoffLimit: 'How many failures are borne before the Job fails.',
    activeDeadlineSeconds: 'How long it may take in all.',
    ttlSecondsAfterFinished: 'How long it stays once it has ended.',
    suspend: 'No pods run while it is true.',
    template: 'What its pods are made from.',
  },
}

/** The schema with what there is to say of its fields. */
export function described(name: string, schema: Record<string, unknown>): Record<string, unknown> {
  const texts = OF_FIELDS[name]
  const properties = schema.properties as Readonly<Record<string, object>> | undefined
  if (!texts || !properties) return schema
  return {
    ...schema,
    properties: Object.fromEntries(
      Object.entries(properties).map(([field, each]) => [
        field,
        texts[field] ? { description: texts[field], ...each } : each,
      ]),
    ),
  }
}
