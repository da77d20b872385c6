package clients

import (
	"context"
	"sync/atomic"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
	"sigs.k8s.io/controller-runtime/pkg/metrics/server"
)

const finalizer = "go.example.com/tidy"

// keeper keeps a ConfigMap for every Gadget, with its color in it.
type keeper struct {
	client.Client
	news interface {
		Eventf(regarding, related runtime.Object, eventtype, reason, action, note string, args ...any)
	}
	tidied atomic.Int32
}

func (k *keeper) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	var gadget Gadget
	if err := k.Get(ctx, request.NamespacedName, &gadget); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	if !gadget.DeletionTimestamp.IsZero() {
		if controllerutil.RemoveFinalizer(&gadget, finalizer) {
			k.tidied.Add(1)
			return ctrl.Result{}, client.IgnoreNotFound(k.Update(ctx, &gadget))
		}
		return ctrl.Result{}, nil
	}
	if controllerutil.AddFinalizer(&gadget, finalizer) {
		if err := k.Update(ctx, &gadget); err != nil {
			return ctrl.Result{}, err
		}
	}
	kept := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: gadget.Name, Namespace: gadget.Namespace}}
	result, err := controllerutil.CreateOrUpdate(ctx, k.Client, kept, func() error {
		kept.Data = map[string]string{"color": gadget.Spec.Color}
		return controllerutil.SetControllerReference(&gadget, kept, k.Scheme())
	})
	if err != nil {
		return ctrl.Result{}, err
	}
	if result != controllerutil.OperationResultNone {
		k.news.Eventf(&gadget, kept, corev1.EventTypeNormal, "Kept", "Keep", "%s config map %s", result, kept.Name)
	}
	before := client.MergeFrom(gadget.DeepCopyObject().(*Gadget))
	gadget.Status.Shown = gadget.Spec.Color
	meta.SetStatusCondition(&gadget.Status.Conditions, metav1.Condition{Type: "Ready", Status: metav1.ConditionTrue, Reason: "Kept", ObservedGeneration: gadget.Generation})
	return ctrl.Result{}, k.Status().Patch(ctx, &gadget, before)
}

func TestManager(t *testing.T) {
	ns := namespace(t)
	ctrl.SetLogger(zap.New())
	scheme := runtime.NewScheme()
	must(t, clientgoscheme.AddToScheme(scheme))
	must(t, apiextensionsv1.AddToScheme(scheme))
	addGadgets(scheme)
	direct, err := client.New(config(t), client.Options{Scheme: scheme})
	must(t, err)
	must(t, client.IgnoreAlreadyExists(direct.Create(background, gadgetDefinition.DeepCopy())))
	t.Cleanup(func() { _ = direct.Delete(background, gadgetDefinition.DeepCopy()) })
	eventually(t, "the definition is established", func(ctx context.Context) bool {
		var definition apiextensionsv1.CustomResourceDefinition
		if direct.Get(ctx, client.ObjectKeyFromObject(gadgetDefinition), &definition) != nil {
			return false
		}
		for _, condition := range definition.Status.Conditions {
			if condition.Type == apiextensionsv1.Established && condition.Status == apiextensionsv1.ConditionTrue {
				return true
			}
		}
		return false
	})

	manager, err := ctrl.NewManager(config(t), ctrl.Options{
		Scheme: scheme, Metrics: server.Options{BindAddress: "0"}, Cache: cache.Options{DefaultNamespaces: map[string]cache.Config{ns: {}}},
		LeaderElection: true, LeaderElectionID: "keeper.go.example.com", LeaderElectionNamespace: ns, LeaderElectionReleaseOnCancel: true,
	})
	must(t, err)
	keeper := &keeper{Client: manager.GetClient(), news: manager.GetEventRecorder("keeper")}
	must(t, ctrl.NewControllerManagedBy(manager).For(&Gadget{}).Owns(&corev1.ConfigMap{}).Complete(keeper))
	ctx, stop := context.WithCancel(background)
	ended := make(chan error, 1)
	go func() { ended <- manager.Start(ctx) }()

	gadget := &Gadget{ObjectMeta: metav1.ObjectMeta{Name: "one", Namespace: ns}}
	must(t, direct.Create(background, gadget))
	equal(t, "default color", gadget.Spec.Color, "red")
	key := client.ObjectKeyFromObject(gadget)
	kept := func(color string) func(context.Context) bool {
		return func(ctx context.Context) bool {
			var stored corev1.ConfigMap
			return direct.Get(ctx, key, &stored) == nil && stored.Data["color"] == color
		}
	}
	eventually(t, "what is kept is red", kept("red"))
	eventually(t, "the status says so", func(ctx context.Context) bool {
		return direct.Get(ctx, key, gadget) == nil && gadget.Status.Shown == "red" && meta.IsStatusConditionTrue(gadget.Status.Conditions, "Ready")
	})

	patch := client.MergeFrom(gadget.DeepCopyObject().(*Gadget))
	gadget.Spec.Color = "blue"
	must(t, direct.Patch(background, gadget, patch))
	eventually(t, "what is kept is blue", kept("blue"))
	must(t, direct.Delete(background, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "one", Namespace: ns}}))
	eventually(t, "what is kept comes again", kept("blue"))
	gadget.Spec.Color = "a color that is much too long"
	if err := direct.Update(background, gadget); !apierrors.IsInvalid(err) && !apierrors.IsConflict(err) {
		t.Fatalf("too long: %v", err)
	}
	eventually(t, "an event tells of it", func(ctx context.Context) bool {
		var events corev1.EventList
		if direct.List(ctx, &events, client.InNamespace(ns)) != nil {
			return false
		}
		for _, event := range events.Items {
			if event.Reason == "Kept" && event.InvolvedObject.Name == "one" {
				return true
			}
		}
		return false
	})

	must(t, direct.Delete(background, gadget))
	eventually(t, "the gadget is tidied and gone", func(ctx context.Context) bool {
		return apierrors.IsNotFound(direct.Get(ctx, key, gadget)) && keeper.tidied.Load() == 1
	})
	eventually(t, "what was kept goes with it", func(ctx context.Context) bool {
		return apierrors.IsNotFound(direct.Get(ctx, key, &corev1.ConfigMap{}))
	})
	stop()
	must(t, <-ended)
}
