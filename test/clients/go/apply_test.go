package clients

import (
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	appsv1 "k8s.io/client-go/applyconfigurations/apps/v1"
	corev1 "k8s.io/client-go/applyconfigurations/core/v1"
	applymetav1 "k8s.io/client-go/applyconfigurations/meta/v1"
)

func TestApplyConfigurations(t *testing.T) {
	c, ns := typed(t), namespace(t)
	deployments := c.AppsV1().Deployments(ns)
	labels := map[string]string{"app": "web"}
	web := func(image string) *appsv1.DeploymentApplyConfiguration {
		return appsv1.Deployment("web", ns).WithSpec(appsv1.DeploymentSpec().WithReplicas(0).
			WithSelector(applymetav1.LabelSelector().WithMatchLabels(labels)).
			WithTemplate(corev1.PodTemplateSpec().WithLabels(labels).WithSpec(corev1.PodSpec().WithContainers(
				corev1.Container().WithName("main").WithImage(image)))))
	}
	first := metav1.ApplyOptions{FieldManager: "first"}
	made, err := deployments.Apply(background, web("busybox:1"), first)
	must(t, err)
	again, err := deployments.Apply(background, web("busybox:1"), first)
	must(t, err)
	equal(t, "a version that nothing changed", again.ResourceVersion >= made.ResourceVersion, true)

	// Another one's container is its own; the first one's image is not.
	side := appsv1.Deployment("web", ns).WithSpec(appsv1.DeploymentSpec().WithTemplate(corev1.PodTemplateSpec().WithSpec(corev1.PodSpec().WithContainers(
		corev1.Container().WithName("side").WithImage("busybox:9")))))
	_, err = deployments.Apply(background, side, metav1.ApplyOptions{FieldManager: "second"})
	must(t, err)
	_, err = deployments.Apply(background, web("busybox:2"), metav1.ApplyOptions{FieldManager: "second"})
	refused(t, err, metav1.StatusReasonConflict)
	if !strings.Contains(err.Error(), `conflict with "first": .spec.template.spec.containers[name="main"].image`) {
		t.Fatal(err)
	}
	forced, err := deployments.Apply(background, web("busybox:2"), metav1.ApplyOptions{FieldManager: "second", Force: true})
	must(t, err)
	equal(t, "image", forced.Spec.Template.Spec.Containers[0].Image, "busybox:2")
	equal(t, "containers: what the second no longer applies is gone", len(forced.Spec.Template.Spec.Containers), 1)

	// What a manager owns can be taken out of managedFields.
	extracted, err := appsv1.ExtractDeployment(forced, "second")
	must(t, err)
	equal(t, "extracted image", *extracted.Spec.Template.Spec.Containers[0].Image, "busybox:2")
	foreign, err := appsv1.ExtractDeployment(forced, "nobody")
	must(t, err)
	equal(t, "nobody owns nothing", foreign.Spec == nil, true)

	status := appsv1.Deployment("web", ns).WithStatus(appsv1.DeploymentStatus().WithObservedGeneration(9))
	written, err := deployments.ApplyStatus(background, status, metav1.ApplyOptions{FieldManager: "status", Force: true})
	must(t, err)
	equal(t, "status", written.Status.ObservedGeneration, 9)

	configMap := corev1.ConfigMap("made", ns).WithData(map[string]string{"a": "1", "b": "1"})
	_, err = c.CoreV1().ConfigMaps(ns).Apply(background, configMap, first)
	must(t, err)
	reduced, err := c.CoreV1().ConfigMaps(ns).Apply(background, corev1.ConfigMap("made", ns).WithData(map[string]string{"a": "2"}), first)
	must(t, err)
	equal(t, "keys", len(reduced.Data), 1)
	pod, err := c.CoreV1().Pods(ns).Apply(background, corev1.Pod("pod", ns).WithSpec(corev1.PodSpec().WithContainers(
		corev1.Container().WithName("main").WithImage("busybox").WithCommand("sleep", "1").WithPorts(corev1.ContainerPort().WithContainerPort(80)))), first)
	must(t, err)
	equal(t, "protocol", string(pod.Spec.Containers[0].Ports[0].Protocol), "TCP")
}
