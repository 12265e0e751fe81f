package main

import _ "embed"

// release is where the served kinds of one minor are published. To add a minor, add a line here and to promises.
type release struct {
	minor           int
	module, version string
	schemas         string // the folder of OpenAPI v3 documents
	instance        string // the file that says what is on by default, empty when it cannot be had
	discovery       string // the discovery document to compare with, empty when it cannot be had
}

const (
	kubernetes = "k8s.io/kubernetes"
	validate   = "sigs.k8s.io/kubectl-validate"
	v3         = "api/openapi-spec/v3"
	instance   = "pkg/controlplane/instance.go"
	aggregated = "api/discovery/aggregated_v2.json"
	older      = "api/discovery/aggregated_v2beta1.json"
	builtins   = "pkg/openapiclient/builtins/"
)

// releases holds the newest published version of each minor, oldest minor first.
var releases = []release{
	{24, validate, "v0.0.4", builtins + "1.24", "", ""},
	{25, validate, "v0.0.4", builtins + "1.25", "", ""},
	{26, validate, "v0.0.4", builtins + "1.26", "", ""},
	{27, validate, "v0.0.4", builtins + "1.27", "", ""},
	{28, validate, "v0.0.4", builtins + "1.28", "", ""},
	{29, kubernetes, "v1.29.6", v3, instance, older},
	{30, kubernetes, "v1.30.14", v3, instance, older},
	{31, kubernetes, "v1.31.14", v3, instance, aggregated},
	{32, kubernetes, "v1.32.13", v3, instance, aggregated},
	{33, kubernetes, "v1.33.13", v3, instance, aggregated},
	{34, kubernetes, "v1.34.4", v3, instance, aggregated},
	{35, kubernetes, "v1.35.4", v3, instance, aggregated},
	{36, kubernetes, "v1.36.3", v3, instance, aggregated},
	{37, kubernetes, "v1.37.2", v3, instance, aggregated},
}

// promise is a module whose types carry life-cycle tags.
type promise struct {
	module, version string
	root            string // the folder below which the API packages lie
}

const api = "k8s.io/api"

// promises are the modules with life-cycle tags, oldest first: the newest tag of a kind counts, but the newest module forgets
// kinds that the older ones still know.
var promises = []promise{
	{api, "v0.17.17", "."},
	{api, "v0.20.15", "."},
	{api, "v0.21.14", "."},
	{api, "v0.22.17", "."},
	{api, "v0.23.17", "."},
	{api, "v0.24.17", "."},
	{api, "v0.25.16", "."},
	{api, "v0.26.15", "."},
	{api, "v0.27.16", "."},
	{api, "v0.28.15", "."},
	{api, "v0.29.15", "."},
	{api, "v0.30.14", "."},
	{api, "v0.31.14", "."},
	{api, "v0.32.13", "."},
	{api, "v0.33.13", "."},
	{api, "v0.34.13", "."},
	{api, "v0.35.10", "."},
	{api, "v0.36.6", "."},
	{api, "v0.37.2", "."},
	{"k8s.io/apiextensions-apiserver", "v0.37.2", "pkg/apis"},
	{"k8s.io/kube-aggregator", "v0.37.2", "pkg/apis"},
}

// overrides are the rows that no module gives, each with its source.
//
//go:embed overrides.txt
var overrides string
