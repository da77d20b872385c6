package clients

import (
	"context"
	"fmt"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	batchv1 "k8s.io/api/batch/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/util/retry"
)

var (
	named = func(name string) metav1.ObjectMeta {
		return metav1.ObjectMeta{Name: name, Labels: map[string]string{"app": name}}
	}
	selected   = &metav1.LabelSelector{MatchLabels: map[string]string{"app": "web"}}
	template   = corev1.PodTemplateSpec{ObjectMeta: named("web"), Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "main", Image: "busybox", Command: []string{"sleep", "600"}}}}}
	background = context.Background()
)

func ref[T any](value T) *T { return &value }

// Every kind that a test of clients is likely to make: what comes back is what was sent, with the server's own fields.
func TestTypedClientsCreateReadUpdateAndDelete(t *testing.T) {
	c, ns := typed(t), namespace(t)
	create, get, update := metav1.CreateOptions{}, metav1.GetOptions{}, metav1.UpdateOptions{}

	deployment, err := c.AppsV1().Deployments(ns).Create(background, &appsv1.Deployment{ObjectMeta: named("web"),
		Spec: appsv1.DeploymentSpec{Replicas: ref(int32(0)), Selector: selected, Template: template}}, create)
	must(t, err)
	equal(t, "default strategy", deployment.Spec.Strategy.Type, appsv1.RollingUpdateDeploymentStrategyType)
	equal(t, "maxSurge", deployment.Spec.Strategy.RollingUpdate.MaxSurge.String(), "25%")
	must(t, retry.RetryOnConflict(retry.DefaultRetry, func() error {
		if deployment, err = c.AppsV1().Deployments(ns).Get(background, "web", get); err != nil {
			return err
		}
		deployment.Spec.Template.Spec.Containers[0].Image = "busybox:2"
		deployment, err = c.AppsV1().Deployments(ns).Update(background, deployment, update)
		return err
	}))
	equal(t, "a generation that has grown", deployment.Generation >= 2, true)

	scale, err := c.AppsV1().Deployments(ns).GetScale(background, "web", get)
	must(t, err)
	scale.Spec.Replicas = 0
	scale, err = c.AppsV1().Deployments(ns).UpdateScale(background, "web", &autoscalingv1.Scale{ObjectMeta: metav1.ObjectMeta{Name: "web", Namespace: ns}, Spec: scale.Spec}, update)
	must(t, err)
	equal(t, "replicas", scale.Spec.Replicas, 0)

	job, err := c.BatchV1().Jobs(ns).Create(background, &batchv1.Job{ObjectMeta: named("job"), Spec: batchv1.JobSpec{
		Suspend: ref(true), Template: corev1.PodTemplateSpec{Spec: corev1.PodSpec{RestartPolicy: corev1.RestartPolicyNever, Containers: template.Spec.Containers}}}}, create)
	must(t, err)
	equal(t, "backoffLimit", *job.Spec.BackoffLimit, 6)

	service, err := c.CoreV1().Services(ns).Create(background, &corev1.Service{ObjectMeta: named("web"), Spec: corev1.ServiceSpec{
		Selector: selected.MatchLabels, Ports: []corev1.ServicePort{{Port: 80, TargetPort: intstr.FromString("http")}}}}, create)
	must(t, err)
	equal(t, "target port", service.Spec.Ports[0].TargetPort.StrVal, "http")
	equal(t, "type", service.Spec.Type, corev1.ServiceTypeClusterIP)

	secret, err := c.CoreV1().Secrets(ns).Create(background, &corev1.Secret{ObjectMeta: named("s"), StringData: map[string]string{"a": "b"}, Data: map[string][]byte{"bytes": {0, 255}}}, create)
	must(t, err)
	equal(t, "secret", string(secret.Data["a"])+fmt.Sprint(secret.Data["bytes"]), "b[0 255]")

	lease, err := c.CoordinationV1().Leases(ns).Create(background, &coordinationv1.Lease{ObjectMeta: named("l"), Spec: coordinationv1.LeaseSpec{
		HolderIdentity: ref("me"), RenewTime: ref(metav1.NowMicro())}}, create)
	must(t, err)
	equal(t, "holder", *lease.Spec.HolderIdentity, "me")

	pdb, err := c.PolicyV1().PodDisruptionBudgets(ns).Create(background, &policyv1.PodDisruptionBudget{ObjectMeta: named("p"), Spec: policyv1.PodDisruptionBudgetSpec{
		Selector: selected, MinAvailable: ref(intstr.FromString("50%"))}}, create)
	must(t, err)
	equal(t, "minAvailable", pdb.Spec.MinAvailable.String(), "50%")

	_, err = c.NetworkingV1().NetworkPolicies(ns).Create(background, &networkingv1.NetworkPolicy{ObjectMeta: named("n"), Spec: networkingv1.NetworkPolicySpec{
		PodSelector: *selected, PolicyTypes: []networkingv1.PolicyType{networkingv1.PolicyTypeIngress}}}, create)
	must(t, err)
	_, err = c.RbacV1().Roles(ns).Create(background, &rbacv1.Role{ObjectMeta: named("r"), Rules: []rbacv1.PolicyRule{{Verbs: []string{"get"}, APIGroups: []string{""}, Resources: []string{"pods"}}}}, create)
	must(t, err)
	_, err = c.AppsV1().StatefulSets(ns).Create(background, &appsv1.StatefulSet{ObjectMeta: named("set"), Spec: appsv1.StatefulSetSpec{Replicas: ref(int32(0)), ServiceName: "web", Selector: selected, Template: template}}, create)
	must(t, err)
	_, err = c.AppsV1().DaemonSets(ns).Create(background, &appsv1.DaemonSet{ObjectMeta: named("ds"), Spec: appsv1.DaemonSetSpec{Selector: selected, Template: template}}, create)
	must(t, err)
	_, err = c.BatchV1().CronJobs(ns).Create(background, &batchv1.CronJob{ObjectMeta: named("cron"), Spec: batchv1.CronJobSpec{Schedule: "0 0 1 1 *", JobTemplate: batchv1.JobTemplateSpec{Spec: batchv1.JobSpec{Template: job.Spec.Template}}}}, create)
	if err != nil {
		// The labels that the server wrote into the job's template are no obstacle upstream either.
		t.Fatal(err)
	}
	_, err = c.CoreV1().PersistentVolumeClaims(ns).Create(background, &corev1.PersistentVolumeClaim{ObjectMeta: named("claim"), Spec: corev1.PersistentVolumeClaimSpec{
		AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce}, Resources: corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("1Gi")}}}}, create)
	must(t, err)
	class, err := c.StorageV1().StorageClasses().Create(background, &storagev1.StorageClass{ObjectMeta: metav1.ObjectMeta{GenerateName: "go-"}, Provisioner: "example.com/none"}, create)
	must(t, err)
	equal(t, "reclaim policy", *class.ReclaimPolicy, corev1.PersistentVolumeReclaimDelete)
	must(t, c.StorageV1().StorageClasses().Delete(background, class.Name, metav1.DeleteOptions{}))
	priority, err := c.SchedulingV1().PriorityClasses().Create(background, &schedulingv1.PriorityClass{ObjectMeta: metav1.ObjectMeta{GenerateName: "go-"}, Value: 7}, create)
	must(t, err)
	must(t, c.SchedulingV1().PriorityClasses().Delete(background, priority.Name, metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &priority.UID}}))

	must(t, c.AppsV1().Deployments(ns).Delete(background, "web", metav1.DeleteOptions{PropagationPolicy: ref(metav1.DeletePropagationForeground)}))
	eventually(t, "the deployment is gone", func(ctx context.Context) bool {
		_, err := c.AppsV1().Deployments(ns).Get(ctx, "web", get)
		return err != nil
	})
	must(t, c.CoreV1().Secrets(ns).DeleteCollection(background, metav1.DeleteOptions{}, metav1.ListOptions{LabelSelector: "app=s"}))
	_, err = c.CoreV1().Secrets(ns).Get(background, "s", get)
	refused(t, err, metav1.StatusReasonNotFound)
}

func TestRefusalsAreThoseOfKubernetes(t *testing.T) {
	c, ns := typed(t), namespace(t)
	maps := c.CoreV1().ConfigMaps(ns)
	first, err := maps.Create(background, &corev1.ConfigMap{ObjectMeta: named("a")}, metav1.CreateOptions{})
	must(t, err)
	_, err = maps.Create(background, &corev1.ConfigMap{ObjectMeta: named("a")}, metav1.CreateOptions{})
	refused(t, err, metav1.StatusReasonAlreadyExists)
	second := first.DeepCopy()
	second.Data = map[string]string{"a": "b"}
	_, err = maps.Update(background, second, metav1.UpdateOptions{})
	must(t, err)
	first.Data = map[string]string{"a": "c"}
	_, err = maps.Update(background, first, metav1.UpdateOptions{})
	refused(t, err, metav1.StatusReasonConflict)
	_, err = c.AppsV1().Deployments(ns).Create(background, &appsv1.Deployment{ObjectMeta: named("web"), Spec: appsv1.DeploymentSpec{Template: template}}, metav1.CreateOptions{})
	refused(t, err, metav1.StatusReasonInvalid)
	err = maps.Delete(background, "a", metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: ref(types.UID("another"))}})
	refused(t, err, metav1.StatusReasonConflict)
	_, err = maps.List(background, metav1.ListOptions{FieldSelector: "data=x"})
	refused(t, err, metav1.StatusReasonBadRequest)
}

func TestPatchesPagesAndDryRuns(t *testing.T) {
	c, ns := typed(t), namespace(t)
	maps := c.CoreV1().ConfigMaps(ns)
	for i := range 5 {
		_, err := maps.Create(background, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprint("page-", i), Labels: map[string]string{"paged": "yes"}}}, metav1.CreateOptions{})
		must(t, err)
	}
	seen, options := 0, metav1.ListOptions{Limit: 2, LabelSelector: "paged"}
	for {
		list, err := maps.List(background, options)
		must(t, err)
		seen += len(list.Items)
		if options.Continue = list.Continue; options.Continue == "" {
			break
		}
	}
	equal(t, "objects on all pages", seen, 5)
	for kind, body := range map[types.PatchType]string{
		types.StrategicMergePatchType: `{"data":{"strategic":"1"}}`,
		types.MergePatchType:          `{"data":{"merge":"1"}}`,
		types.JSONPatchType:           `[{"op":"add","path":"/metadata/annotations","value":{"json":"1"}}]`,
	} {
		_, err := maps.Patch(background, "page-0", kind, []byte(body), metav1.PatchOptions{})
		must(t, err)
	}
	patched, err := maps.Get(background, "page-0", metav1.GetOptions{})
	must(t, err)
	equal(t, "patched", fmt.Sprint(patched.Data, patched.Annotations), "map[merge:1 strategic:1] map[json:1]")
	_, err = maps.Create(background, &corev1.ConfigMap{ObjectMeta: named("dry")}, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
	must(t, err)
	_, err = maps.Get(background, "dry", metav1.GetOptions{})
	refused(t, err, metav1.StatusReasonNotFound)
}

func TestReviewsTokensAndEvictions(t *testing.T) {
	c, ns := typed(t), namespace(t)
	review, err := c.AuthorizationV1().SelfSubjectAccessReviews().Create(background, &authorizationv1.SelfSubjectAccessReview{Spec: authorizationv1.SelfSubjectAccessReviewSpec{
		ResourceAttributes: &authorizationv1.ResourceAttributes{Namespace: ns, Verb: "create", Resource: "pods"}}}, metav1.CreateOptions{})
	must(t, err)
	equal(t, "allowed", review.Status.Allowed, true)
	token, err := c.CoreV1().ServiceAccounts(ns).CreateToken(background, "default", &authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{ExpirationSeconds: ref(int64(600))}}, metav1.CreateOptions{})
	must(t, err)
	who, err := c.AuthenticationV1().TokenReviews().Create(background, &authenticationv1.TokenReview{Spec: authenticationv1.TokenReviewSpec{Token: token.Status.Token}}, metav1.CreateOptions{})
	must(t, err)
	equal(t, "the token's user", who.Status.User.Username, "system:serviceaccount:"+ns+":default")
	_, err = c.CoreV1().Pods(ns).Create(background, &corev1.Pod{ObjectMeta: named("evicted"), Spec: corev1.PodSpec{Containers: template.Spec.Containers, TerminationGracePeriodSeconds: ref(int64(0))}}, metav1.CreateOptions{})
	must(t, err)
	must(t, c.PolicyV1().Evictions(ns).Evict(background, &policyv1.Eviction{ObjectMeta: metav1.ObjectMeta{Name: "evicted", Namespace: ns}}))
	eventually(t, "the evicted pod is gone", func(ctx context.Context) bool {
		_, err := c.CoreV1().Pods(ns).Get(ctx, "evicted", metav1.GetOptions{})
		return err != nil
	})
}

func TestWatchFromAVersion(t *testing.T) {
	c, ns := typed(t), namespace(t)
	maps := c.CoreV1().ConfigMaps(ns)
	list, err := maps.List(background, metav1.ListOptions{})
	must(t, err)
	watcher, err := maps.Watch(background, metav1.ListOptions{ResourceVersion: list.ResourceVersion, LabelSelector: "app=w"})
	must(t, err)
	defer watcher.Stop()
	made, err := maps.Create(background, &corev1.ConfigMap{ObjectMeta: named("w")}, metav1.CreateOptions{})
	must(t, err)
	made.Labels["app"] = "other" // leaves the selection
	_, err = maps.Update(background, made, metav1.UpdateOptions{})
	must(t, err)
	equal(t, "first", (<-watcher.ResultChan()).Type, "ADDED")
	equal(t, "second", (<-watcher.ResultChan()).Type, "DELETED")
}

func TestDynamicAndMetadataClients(t *testing.T) {
	ns := namespace(t)
	resources := schema.GroupVersionResource{Group: "apps", Version: "v1", Resource: "deployments"}
	dynamicClient, err := dynamic.NewForConfig(config(t))
	must(t, err)
	deployments := dynamicClient.Resource(resources).Namespace(ns)
	object := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": map[string]any{"name": "web", "labels": map[string]any{"app": "web"}},
		"spec": map[string]any{"replicas": int64(0), "selector": map[string]any{"matchLabels": map[string]any{"app": "web"}},
			"template": map[string]any{"metadata": map[string]any{"labels": map[string]any{"app": "web"}}, "spec": map[string]any{"containers": []any{map[string]any{"name": "main", "image": "busybox"}}}}}}}
	made, err := deployments.Create(background, object, metav1.CreateOptions{})
	must(t, err)
	policy, _, _ := unstructured.NestedString(made.Object, "spec", "template", "spec", "restartPolicy")
	equal(t, "restart policy", policy, "Always")
	list, err := deployments.List(background, metav1.ListOptions{LabelSelector: "app=web"})
	must(t, err)
	equal(t, "listed", fmt.Sprint(len(list.Items), " ", list.Items[0].GetKind()), "1 Deployment")
	_, err = deployments.Apply(background, "web", object, metav1.ApplyOptions{FieldManager: "dynamic", Force: true})
	must(t, err)

	metadataClient, err := metadata.NewForConfig(config(t))
	must(t, err)
	partial := metadataClient.Resource(resources).Namespace(ns)
	one, err := partial.Get(background, "web", metav1.GetOptions{})
	must(t, err)
	equal(t, "label of metadata", one.Labels["app"], "web")
	all, err := partial.List(background, metav1.ListOptions{})
	must(t, err)
	equal(t, "metadata listed", len(all.Items), 1)
	_, err = partial.Patch(background, "web", types.MergePatchType, []byte(`{"metadata":{"labels":{"more":"yes"}}}`), metav1.PatchOptions{})
	must(t, err)
	must(t, partial.Delete(background, "web", metav1.DeleteOptions{}))
}
