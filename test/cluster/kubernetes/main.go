// A Kubernetes control plane as one program: `kubernetes kube-apiserver …`, one process a component, because their feature gates and
// metrics are global to a process. Started by real-cluster.ts; the sources are the published Go modules.
package main

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"go.etcd.io/etcd/server/v3/embed"
	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/logs/json/register"
	_ "k8s.io/component-base/metrics/prometheus/clientgo"
	_ "k8s.io/component-base/metrics/prometheus/version"
	kubectl "k8s.io/kubectl/pkg/cmd"

	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllers "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
)

func main() {
	components := map[string]func() *cobra.Command{
		"etcd":                    etcd,
		"kube-apiserver":          apiserver.NewAPIServerCommand,
		"kube-controller-manager": controllers.NewControllerManagerCommand,
		"kube-scheduler":          func() *cobra.Command { return scheduler.NewSchedulerCommand() },
		"kubectl":                 kubectl.NewDefaultKubectlCommand,
	}
	if len(os.Args) < 2 || components[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: kubernetes etcd|kube-apiserver|kube-controller-manager|kube-scheduler|kubectl [FLAG ...]")
		os.Exit(2)
	}
	component := components[os.Args[1]]
	// kubectl and its like look for their name and arguments in os.Args.
	os.Args = os.Args[1:]
	os.Exit(cli.Run(component()))
}

// etcd itself has no importable command: its embeddable form with the three things that a test needs to say.
func etcd() *cobra.Command {
	var folder, clients, peers string
	var fsync bool
	command := &cobra.Command{Use: "etcd", SilenceUsage: true, RunE: func(*cobra.Command, []string) error {
		config := embed.NewConfig()
		clientURL, err := url.Parse(clients)
		if err != nil {
			return err
		}
		peerURL, err := url.Parse(peers)
		if err != nil {
			return err
		}
		config.Dir = folder
		config.ListenClientUrls, config.AdvertiseClientUrls = []url.URL{*clientURL}, []url.URL{*clientURL}
		config.ListenPeerUrls, config.AdvertisePeerUrls = []url.URL{*peerURL}, []url.URL{*peerURL}
		config.InitialCluster = config.InitialClusterFromName(config.Name)
		config.UnsafeNoFsync = !fsync
		config.LogLevel = "warn"
		server, err := embed.StartEtcd(config)
		if err != nil {
			return err
		}
		defer server.Close()
		select {
		case <-server.Server.ReadyNotify():
		case <-time.After(30 * time.Second):
			return fmt.Errorf("etcd is not ready after 30 s")
		}
		asked, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		defer stop()
		select {
		case <-asked.Done():
			return nil
		case err := <-server.Err():
			return err
		}
	}}
	command.Flags().StringVar(&folder, "data-dir", "etcd-data", "")
	command.Flags().StringVar(&clients, "client-url", "http://127.0.0.1:2379", "")
	command.Flags().StringVar(&peers, "peer-url", "http://127.0.0.1:2380", "")
	command.Flags().BoolVar(&fsync, "fsync", false, "sync every write to the disk, as a real cluster does")
	return command
}
