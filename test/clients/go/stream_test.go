package clients

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/tools/portforward"
	"k8s.io/client-go/tools/remotecommand"
	"k8s.io/client-go/transport/spdy"
	"k8s.io/client-go/util/exec"
)

const serve = `require('http').createServer((_, answer) => answer.end('hello from the pod')).listen(8080); console.log('listening')`

func running(t *testing.T, c *kubernetes.Clientset, ns string) {
	t.Helper()
	_, err := c.CoreV1().Pods(ns).Create(background, &corev1.Pod{ObjectMeta: named("pod"), Spec: corev1.PodSpec{TerminationGracePeriodSeconds: ref(int64(1)),
		Containers: []corev1.Container{{Name: "main", Image: "node", Command: []string{"node", "-e", serve}}}}}, metav1.CreateOptions{})
	must(t, err)
	eventually(t, "the pod listens", func(ctx context.Context) bool {
		text, err := c.CoreV1().Pods(ns).GetLogs("pod", &corev1.PodLogOptions{}).DoRaw(ctx)
		return err == nil && strings.Contains(string(text), "listening")
	})
}

func TestLogsAreStreamed(t *testing.T) {
	c, ns := typed(t), namespace(t)
	_, err := c.CoreV1().Pods(ns).Create(background, &corev1.Pod{ObjectMeta: named("pod"), Spec: corev1.PodSpec{RestartPolicy: corev1.RestartPolicyNever,
		Containers: []corev1.Container{{Name: "main", Image: "busybox", Command: []string{"sh", "-c", "for i in 1 2 3; do echo line $i; sleep 0.2; done"}}}}}, metav1.CreateOptions{})
	must(t, err)
	eventually(t, "the pod has started", func(ctx context.Context) bool {
		pod, err := c.CoreV1().Pods(ns).Get(ctx, "pod", metav1.GetOptions{})
		return err == nil && pod.Status.Phase != corev1.PodPending
	})
	stream, err := c.CoreV1().Pods(ns).GetLogs("pod", &corev1.PodLogOptions{Follow: true}).Stream(background)
	must(t, err)
	defer stream.Close()
	text, err := io.ReadAll(stream)
	must(t, err)
	equal(t, "log", string(text), "line 1\nline 2\nline 3\n")
}

func TestStreamExec(t *testing.T) {
	c, ns := typed(t), namespace(t)
	running(t, c, ns)
	target := func(command ...string) *url.URL {
		return c.CoreV1().RESTClient().Post().Resource("pods").Namespace(ns).Name("pod").SubResource("exec").
			VersionedParams(&corev1.PodExecOptions{Command: command, Stdin: true, Stdout: true, Stderr: true}, scheme.ParameterCodec).URL()
	}
	overWebSocket := func(url *url.URL) (remotecommand.Executor, error) {
		return remotecommand.NewWebSocketExecutor(config(t), "GET", url.String())
	}
	overSpdy := func(url *url.URL) (remotecommand.Executor, error) {
		return remotecommand.NewSPDYExecutor(config(t), "POST", url)
	}
	for name, executor := range map[string]func(*url.URL) (remotecommand.Executor, error){"WebSocket": overWebSocket, "SPDY": overSpdy} {
		t.Run(name, func(t *testing.T) {
			run := func(input string, command ...string) (string, string, error) {
				made, err := executor(target(command...))
				must(t, err)
				var out, problems bytes.Buffer
				err = made.StreamWithContext(background, remotecommand.StreamOptions{Stdin: strings.NewReader(input), Stdout: &out, Stderr: &problems})
				return out.String(), problems.String(), err
			}
			out, problems, err := run("from here", "sh", "-c", "cat; echo problem >&2")
			must(t, err)
			equal(t, "output", out+"|"+problems, "from here|problem\n")
			_, _, err = run("", "sh", "-c", "exit 7")
			var ended exec.CodeExitError
			if !errors.As(err, &ended) {
				t.Fatalf("%T %v", err, err)
			}
			equal(t, "exit code", ended.Code, 7)
		})
	}
}

func TestStreamPortForward(t *testing.T) {
	c, ns := typed(t), namespace(t)
	running(t, c, ns)
	target := c.CoreV1().RESTClient().Post().Resource("pods").Namespace(ns).Name("pod").SubResource("portforward").URL()
	transport, upgrader, err := spdy.RoundTripperFor(config(t))
	must(t, err)
	tunnelled, err := portforward.NewSPDYOverWebsocketDialer(target, config(t))
	must(t, err)
	plain := spdy.NewDialer(upgrader, &http.Client{Transport: transport}, "POST", target)
	forward := func(t *testing.T, start func(stop, ready chan struct{}) (*portforward.PortForwarder, error)) {
		stop, ready, failed := make(chan struct{}), make(chan struct{}), make(chan error, 1)
		defer close(stop)
		forwarder, err := start(stop, ready)
		must(t, err)
		go func() { failed <- forwarder.ForwardPorts() }()
		select {
		case <-ready:
		case err := <-failed:
			t.Fatal(err)
		}
		ports, err := forwarder.GetPorts()
		must(t, err)
		for range 3 {
			answer, err := http.Get(fmt.Sprintf("http://127.0.0.1:%d/", ports[0].Local))
			must(t, err)
			text, err := io.ReadAll(answer.Body)
			must(t, err)
			equal(t, "answer", string(text), "hello from the pod")
		}
	}
	t.Run("WebSocket", func(t *testing.T) {
		forward(t, func(stop, ready chan struct{}) (*portforward.PortForwarder, error) {
			return portforward.New(tunnelled, []string{"0:8080"}, stop, ready, io.Discard, io.Discard)
		})
	})
	t.Run("SPDY", func(t *testing.T) {
		forward(t, func(stop, ready chan struct{}) (*portforward.PortForwarder, error) {
			return portforward.New(plain, []string{"0:8080"}, stop, ready, io.Discard, io.Discard)
		})
	})
}
