package clients

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/dynamic/dynamicinformer"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/metadata/metadatainformer"
	"k8s.io/client-go/tools/cache"
)

func TestSharedInformersFollow(t *testing.T) {
	c, ns := typed(t), namespace(t)
	for i := range 3 {
		_, err := c.CoreV1().ConfigMaps(ns).Create(background, &corev1.ConfigMap{ObjectMeta: named(fmt.Sprint("before-", i))}, metav1.CreateOptions{})
		must(t, err)
	}
	ctx, cancel := context.WithCancel(background)
	defer cancel()
	factory := informers.NewSharedInformerFactoryWithOptions(c, 0, informers.WithNamespace(ns))
	maps, pods := factory.Core().V1().ConfigMaps(), factory.Core().V1().Pods()
	var added, updated, deleted atomic.Int32
	_, err := maps.Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(any) { added.Add(1) },
		UpdateFunc: func(any, any) { updated.Add(1) },
		DeleteFunc: func(any) { deleted.Add(1) },
	})
	must(t, err)
	pods.Informer()
	factory.Start(ctx.Done())
	for kind, synced := range factory.WaitForCacheSync(ctx.Done()) {
		equal(t, kind.String(), synced, true)
	}
	stored, err := maps.Lister().ConfigMaps(ns).List(labels.Set{"app": "before-1"}.AsSelector())
	must(t, err)
	equal(t, "stored", len(stored), 1)
	base := added.Load()
	made, err := c.CoreV1().ConfigMaps(ns).Create(background, &corev1.ConfigMap{ObjectMeta: named("after")}, metav1.CreateOptions{})
	must(t, err)
	made.Data = map[string]string{"a": "b"}
	_, err = c.CoreV1().ConfigMaps(ns).Update(background, made, metav1.UpdateOptions{})
	must(t, err)
	must(t, c.CoreV1().ConfigMaps(ns).Delete(background, "after", metav1.DeleteOptions{}))
	eventually(t, "added, updated, deleted", func(context.Context) bool {
		return added.Load() > base-1 && updated.Load() >= 1 && deleted.Load() == 1
	})
	must(t, c.CoreV1().ConfigMaps(ns).DeleteCollection(background, metav1.DeleteOptions{}, metav1.ListOptions{LabelSelector: "app in (before-0, before-1, before-2)"}))
	eventually(t, "all are seen to go", func(context.Context) bool { return deleted.Load() == 4 })
}

func TestDynamicAndMetadataInformers(t *testing.T) {
	c, ns := typed(t), namespace(t)
	ctx, cancel := context.WithCancel(background)
	defer cancel()
	kind := schema.GroupVersionResource{Version: "v1", Resource: "configmaps"}
	dynamicClient, err := dynamic.NewForConfig(config(t))
	must(t, err)
	metadataClient, err := metadata.NewForConfig(config(t))
	must(t, err)
	whole := dynamicinformer.NewFilteredDynamicSharedInformerFactory(dynamicClient, 0, ns, nil)
	partial := metadatainformer.NewFilteredSharedInformerFactory(metadataClient, 0, ns, nil)
	wholeLister, partialLister := whole.ForResource(kind).Lister(), partial.ForResource(kind).Lister()
	whole.Start(ctx.Done())
	partial.Start(ctx.Done())
	whole.WaitForCacheSync(ctx.Done())
	partial.WaitForCacheSync(ctx.Done())
	_, err = c.CoreV1().ConfigMaps(ns).Create(background, &corev1.ConfigMap{ObjectMeta: named("seen")}, metav1.CreateOptions{})
	must(t, err)
	for _, lister := range []cache.GenericLister{wholeLister, partialLister} {
		eventually(t, "the informer sees it", func(context.Context) bool {
			_, err := lister.ByNamespace(ns).Get("seen")
			return err == nil
		})
	}
}

// What was made and removed around a restart is seen after it, and nothing is seen twice.
func TestRestartInformersGoOnOverARestart(t *testing.T) {
	c, ns := typed(t), namespace(t)
	ctx, cancel := context.WithCancel(background)
	defer cancel()
	maps := c.CoreV1().ConfigMaps(ns)
	create := func(name string) {
		_, err := maps.Create(background, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"restart": "yes"}}}, metav1.CreateOptions{})
		must(t, err)
	}
	factory := informers.NewSharedInformerFactoryWithOptions(c, 0, informers.WithNamespace(ns), informers.WithTweakListOptions(func(options *metav1.ListOptions) {
		options.LabelSelector = "restart=yes"
	}))
	informer := factory.Core().V1().ConfigMaps().Informer()
	var added, deleted atomic.Int32
	_, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{AddFunc: func(any) { added.Add(1) }, DeleteFunc: func(any) { deleted.Add(1) }})
	must(t, err)
	factory.Start(ctx.Done())
	factory.WaitForCacheSync(ctx.Done())
	create("before")
	create("removed")
	eventually(t, "both are seen", func(context.Context) bool { return added.Load() == 2 })
	restart(t)
	deadline := time.Now().Add(30 * time.Second)
	for maps.Delete(background, "removed", metav1.DeleteOptions{}) != nil && time.Now().Before(deadline) {
		time.Sleep(100 * time.Millisecond)
	}
	create("after")
	eventually(t, "the new one is seen, and the removed one seen to go", func(context.Context) bool { return added.Load() == 3 && deleted.Load() == 1 })
	equal(t, "stored", len(informer.GetStore().List()), 2)
}
