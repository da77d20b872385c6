// Package clients drives the API server with the Go libraries that operators are written with: client-go and controller-runtime, as they
// come. KUBECONFIG names the server; RESTART is the command that restarts it. The programs are built twice: go.mod has the newest line of
// releases, older.mod an older one.
package clients

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

const protobuf = "application/vnd.kubernetes.protobuf"

func config(t *testing.T) *rest.Config {
	t.Helper()
	config, err := clientcmd.BuildConfigFromFlags("", os.Getenv("KUBECONFIG"))
	must(t, err)
	config.QPS, config.Burst = 1000, 1000
	return config
}

// typed is a clientset as controllers have it: bodies in protobuf, answers in whatever the server prefers.
func typed(t *testing.T) *kubernetes.Clientset {
	t.Helper()
	config := config(t)
	config.ContentType = protobuf
	config.AcceptContentTypes = protobuf + ",application/json"
	clients, err := kubernetes.NewForConfig(config)
	must(t, err)
	return clients
}

// namespace makes one for a test, with the ServiceAccount that pods need, and takes it away after it.
func namespace(t *testing.T) string {
	t.Helper()
	clients := typed(t)
	made, err := clients.CoreV1().Namespaces().Create(context.Background(),
		&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "go-"}}, metav1.CreateOptions{})
	must(t, err)
	t.Cleanup(func() {
		_ = clients.CoreV1().Namespaces().Delete(context.Background(), made.Name, metav1.DeleteOptions{})
	})
	eventually(t, "the default ServiceAccount", func(ctx context.Context) bool {
		_, err := clients.CoreV1().ServiceAccounts(made.Name).Get(ctx, "default", metav1.GetOptions{})
		return err == nil
	})
	return made.Name
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func equal[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Fatalf("%s: got %v, want %v", what, got, want)
	}
}

func refused(t *testing.T, err error, reason metav1.StatusReason) {
	t.Helper()
	if errors.ReasonForError(err) != reason {
		t.Fatalf("got %v, want a refusal because of %s", err, reason)
	}
}

func eventually(t *testing.T, what string, holds func(ctx context.Context) bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	for !holds(ctx) {
		select {
		case <-ctx.Done():
			t.Fatalf("%s: not so after 30 s", what)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// restart ends the server and starts it again, over the same store.
func restart(t *testing.T) {
	t.Helper()
	words := strings.Fields(os.Getenv("RESTART"))
	if len(words) == 0 {
		t.Skip("no RESTART command")
	}
	if output, err := exec.Command(words[0], words[1:]...).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, output)
	}
}
