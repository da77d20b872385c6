/** What is created: an ordinary pod of an ordinary Deployment, about 1.5 KB as posted and 3 KB as stored by kube-apiserver. */
export const podOf = (namespace: string, name: string): string =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace,
      labels: {
        app: 'checkout',
        'app.kubernetes.io/name': 'checkout',
        'app.kubernetes.io/component': 'backend',
        'app.kubernetes.io/part-of': 'shop',
        'pod-template-hash': '7d9c5bcb4f',
      },
      annotations: { 'prometheus.io/scrape': 'true', 'prometheus.io/port': '9090' },
    },
    spec: {
      containers: [
        {
          name: 'app',
          image: 'registry.example.com/shop/checkout:v1.42.0',
          command: ['/app/server'],
          args: ['--listen=:8080', '--metrics=:9090', '--log-level=info'],
          ports: [
            { name: 'http', containerPort: 8080 },
            { name: 'metrics', containerPort: 9090 },
          ],
          env: [
            { name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
            { name: 'POD_NAMESPACE', valueFrom: { fieldRef: { fieldPath: 'metadata.namespace' } } },
            { name: 'DATABASE', value: 'postgres://checkout@db.shop.svc:5432/checkout' },
            { name: 'CACHE', value: 'redis://cache.shop.svc:6379' },
            { name: 'FEATURES', value: 'discounts,gift-cards,one-click' },
          ],
          resources: { requests: { cpu: '250m', memory: '256Mi' }, limits: { cpu: '1', memory: '512Mi' } },
          readinessProbe: { httpGet: { path: '/ready', port: 'http' }, periodSeconds: 5 },
          livenessProbe: { httpGet: { path: '/live', port: 'http' }, initialDelaySeconds: 10 },
          volumeMounts: [{ name: 'config', mountPath: '/etc/checkout', readOnly: true }],
        },
      ],
      volumes: [{ name: 'config', configMap: { name: 'checkout-config' } }],
      terminationGracePeriodSeconds: 30,
    },
  })
