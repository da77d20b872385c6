package clients

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery/cached/disk"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/restmapper"
)

func TestDiscovery(t *testing.T) {
	c := typed(t).Discovery()
	version, err := c.ServerVersion()
	must(t, err)
	equal(t, "major version", version.Major, "1")
	groups, resources, err := c.ServerGroupsAndResources()
	must(t, err)
	names := map[string]bool{}
	for _, group := range groups {
		names[group.Name] = true
	}
	for _, name := range []string{"", "apps", "batch", "coordination.k8s.io", "rbac.authorization.k8s.io", "apiextensions.k8s.io"} {
		equal(t, "group "+name, names[name], true)
	}
	equal(t, "resources", len(resources) > 5, true)
	preferred, err := c.ServerPreferredNamespacedResources()
	must(t, err)
	equal(t, "preferred", len(preferred) > 3, true)
	core, err := c.ServerResourcesForGroupVersion("v1")
	must(t, err)
	found := false
	for _, resource := range core.APIResources {
		found = found || resource.Name == "pods" && resource.ShortNames[0] == "po" && resource.SingularName == "pod" && resource.Namespaced
	}
	equal(t, "pods with their short name", found, true)
}

func TestCachedDiscoveryAndRestMapper(t *testing.T) {
	cached := memory.NewMemCacheClient(typed(t).Discovery())
	mapper := restmapper.NewShortcutExpander(restmapper.NewDeferredDiscoveryRESTMapper(cached), cached, nil)
	kind, err := mapper.KindFor(schema.GroupVersionResource{Resource: "deploy"})
	must(t, err)
	equal(t, "deploy", kind.String(), "apps/v1, Kind=Deployment")
	mapping, err := mapper.RESTMapping(schema.GroupKind{Kind: "Node"}, "v1")
	must(t, err)
	equal(t, "nodes", mapping.Resource.Resource+string(mapping.Scope.Name()), "nodes"+string(meta.RESTScopeNameRoot))
	onDisk, err := disk.NewCachedDiscoveryClientForConfig(config(t), t.TempDir(), t.TempDir(), 0)
	must(t, err)
	_, err = onDisk.ServerGroups()
	must(t, err)
}

func TestOpenApi(t *testing.T) {
	paths, err := typed(t).Discovery().OpenAPIV3().Paths()
	must(t, err)
	document, err := paths["apis/apps/v1"].Schema("application/json")
	must(t, err)
	equal(t, "the document has Deployment", strings.Contains(string(document), "io.k8s.api.apps.v1.Deployment"), true)
}
