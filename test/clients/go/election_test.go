package clients

import (
	"context"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
)

// Two candidates: one leads; when it steps down the other does.
func TestLeaderElection(t *testing.T) {
	c, ns := typed(t), namespace(t)
	led := make(chan string, 2)
	stand := func(ctx context.Context, name string) {
		leaderelection.RunOrDie(ctx, leaderelection.LeaderElectionConfig{
			Lock:            &resourcelock.LeaseLock{LeaseMeta: metav1.ObjectMeta{Name: "lead", Namespace: ns}, Client: c.CoordinationV1(), LockConfig: resourcelock.ResourceLockConfig{Identity: name}},
			ReleaseOnCancel: true,
			LeaseDuration:   3 * time.Second,
			RenewDeadline:   2 * time.Second,
			RetryPeriod:     200 * time.Millisecond,
			Callbacks: leaderelection.LeaderCallbacks{
				OnStartedLeading: func(context.Context) { led <- name },
				OnStoppedLeading: func() {},
			},
		})
	}
	firstContext, stepDown := context.WithCancel(background)
	secondContext, end := context.WithCancel(background)
	defer end()
	go stand(firstContext, "first")
	equal(t, "leader", <-led, "first")
	go stand(secondContext, "second")
	select {
	case name := <-led:
		t.Fatalf("%s leads beside the first", name)
	case <-time.After(time.Second):
	}
	stepDown()
	select {
	case name := <-led:
		equal(t, "next leader", name, "second")
	case <-time.After(20 * time.Second):
		t.Fatal("nobody leads")
	}
	lease, err := c.CoordinationV1().Leases(ns).Get(background, "lead", metav1.GetOptions{})
	must(t, err)
	equal(t, "holder", *lease.Spec.HolderIdentity, "second")
}
