// Answers patches and applies as Kubernetes does: reads one case a line (JSON) from stdin, writes Kubernetes' answer a line to stdout.
// Started by ask-judge.ts, which makes the cases.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"math/rand"
	"os"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/apitesting/fuzzer"
	metafuzzer "k8s.io/apimachinery/pkg/apis/meta/fuzzer"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer/protobuf"
	"k8s.io/apimachinery/pkg/util/managedfields"
	"k8s.io/apimachinery/pkg/util/managedfields/managedfieldstest"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
	"k8s.io/client-go/applyconfigurations"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/kube-openapi/pkg/validation/spec"
)

type testCase struct {
	Document, Patch json.RawMessage
	Steps           []step
	// The schema of the steps' objects, where they are no pods.
	Schema json.RawMessage
	// A kind to be filled at random.
	Fill *struct {
		APIVersion, Kind string
		Seed             int64
	}
}

type step struct {
	Op, Manager string
	Force       bool
	Object      map[string]interface{}
}

type answer struct {
	Object interface{} `json:"object,omitempty"`
	Error  string      `json:"error,omitempty"`
}

func main() {
	converter := applyconfigurations.NewTypeConverter(scheme.Scheme)
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 64<<20)
	out := json.NewEncoder(os.Stdout)
	for in.Scan() {
		var c testCase
		must(json.Unmarshal(in.Bytes(), &c))
		if c.Fill != nil {
			must(out.Encode(filled(c.Fill.APIVersion, c.Fill.Kind, c.Fill.Seed)))
		} else if c.Patch != nil {
			must(out.Encode(patch(c)))
		} else {
			must(out.Encode(apply(converterFor(c, converter), c)))
		}
	}
}

// The same object as its JSON and as its protobuf; nothing when this release does not know the kind.
func filled(apiVersion, kind string, seed int64) map[string]interface{} {
	gvk := schema.FromAPIVersionAndKind(apiVersion, kind)
	object, err := scheme.Scheme.New(gvk)
	if err != nil {
		return nil
	}
	fuzzer.FuzzerFor(metafuzzer.Funcs, rand.NewSource(seed), scheme.Codecs).Fill(object)
	object.GetObjectKind().SetGroupVersionKind(gvk)
	text, err := json.Marshal(object)
	must(err)
	wire := &bytes.Buffer{}
	must(protobuf.NewSerializer(scheme.Scheme, scheme.Scheme).Encode(object, wire))
	return map[string]interface{}{"json": json.RawMessage(text), "protobuf": wire.Bytes()}
}

func patch(c testCase) answer {
	object, err := strategicpatch.StrategicMergePatch(c.Document, c.Patch, &corev1.Pod{})
	if err != nil {
		return answer{Error: err.Error()}
	}
	return answer{Object: json.RawMessage(object)}
}

var converters = map[string]managedfields.TypeConverter{}

func converterFor(c testCase, pods managedfields.TypeConverter) managedfields.TypeConverter {
	if c.Schema == nil {
		return pods
	}
	text := string(c.Schema)
	if converters[text] == nil {
		own := &spec.Schema{}
		must(json.Unmarshal(c.Schema, own))
		converter, err := managedfields.NewTypeConverter(map[string]*spec.Schema{"own": own}, false)
		must(err)
		converters[text] = converter
	}
	return converters[text]
}

func apply(converter managedfields.TypeConverter, c testCase) []answer {
	kind := corev1.SchemeGroupVersion.WithKind("Pod")
	if c.Schema != nil {
		first := &unstructured.Unstructured{Object: c.Steps[0].Object}
		kind = first.GroupVersionKind()
	}
	fields := managedfieldstest.NewTestFieldManager(converter, kind)
	answers := []answer{}
	for _, s := range c.Steps {
		object := &unstructured.Unstructured{Object: s.Object}
		var err error
		if s.Op == "apply" {
			err = fields.Apply(object, s.Manager, s.Force)
		} else {
			err = fields.Update(object, s.Manager)
		}
		// The live object is changed in place later on: it is written down now.
		live, failed := json.Marshal(fields.Live())
		must(failed)
		a := answer{Object: json.RawMessage(live)}
		if err != nil {
			a.Error = err.Error()
		}
		answers = append(answers, a)
	}
	return answers
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
