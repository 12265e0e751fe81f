//go:build real

package review

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gkops.dev/gkops/golden"
)

// mirrored are the manifests of a version of a real package, as the mirror has them.
func mirrored(t testing.TB, pkg, version string) fs.FS {
	t.Helper()
	shared := os.Getenv("GKOPS_SHARED")
	if shared == "" {
		t.Fatal("GKOPS_SHARED names no folder with registry, upstream and mirror")
	}
	table, err := os.ReadFile(filepath.Join(shared, "mirror", "SOURCES.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for _, line := range strings.Split(string(table), "\n") {
		cells := strings.Split(line, "\t")
		if len(cells) < 9 || cells[7] != pkg || cells[8] != version {
			continue
		}
		data, err := os.ReadFile(filepath.Join(shared, "mirror", strings.TrimPrefix(cells[0], "https://")))
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimSuffix(path.Base(cells[0]), path.Ext(cells[0]))
		files[strings.ReplaceAll(name, version[1:], "x")+".yaml"] = data
	}
	if len(files) == 0 {
		t.Fatalf("the mirror has no %s %s", pkg, version)
	}
	return golden.Map(files)
}

// realPairs are upgrades that are known for what they do, and what has to be said of them.
var realPairs = []struct {
	pkg, from, to string
	risk          Risk
	want          []string // "rule object"
}{
	{"traefik-crds", "v2.11.36", "v3.0.4", High, []string{"data-loss ingressroutes.traefik.containo.us", "data-loss middlewares.traefik.containo.us", "rbac-growth traefik-ingress-controller"}},
	{"external-secrets-crds", "v0.16.2", "v0.17.0", High, []string{"crd-version-gone externalsecrets.external-secrets.io", "crd-version-gone secretstores.external-secrets.io"}},
	{"metallb", "v0.13.12", "v0.14.3", High, []string{"data-loss addresspools.metallb.io"}},
	{"metallb", "v0.9.6", "v0.13.0", High, []string{"privilege metallb-system", "rbac-growth controller", "webhook validating-webhook-configuration"}},
	{"contour", "v1.5.1", "v1.6.0", High, []string{"data-loss ingressroutes.contour.heptio.com"}},
	{"argo-cd", "v2.14.11", "v3.2.0", Medium, []string{"rbac-growth argocd-application-controller", "new-registry argocd-redis", "crd-tightened applications.argoproj.io"}},
	{"argo-cd", "v1.8.7", "v2.0.5", Medium, []string{"new-registry argocd-dex-server", "no-digest argocd-dex-server"}},
	{"cert-manager", "v1.3.1", "v1.5.0", High, []string{"crd-field-gone issuers.cert-manager.io", "rbac-growth cert-manager-controller-challenges"}},
	{"cert-manager", "v1.5.0", "v1.10.1", High, []string{"crd-version-gone certificates.cert-manager.io"}},
	{"cloudnative-pg", "v1.24.1", "v1.25.0", Medium, []string{"rbac-growth cnpg-manager", "crd-tightened clusters.postgresql.cnpg.io"}},
	{"ingress-nginx", "1.12.8", "1.13.8", High, []string{"immutable-field ingress-nginx-admission-create"}},
	{"contour", "v1.0.0", "v1.5.1", High, []string{"immutable-field tlscertificatedelegations.contour.heptio.com", "floating-tag contour-certgen-v1.5.0"}},
	{"contour-gateway", "v1.17.0", "v1.20.0", High, []string{"data-loss gateways.networking.x-k8s.io", "unknown-kind contour", "new-registry contour-certgen-v1.20.0"}},
	{"nginx-gateway-fabric", "v1.3.0", "v1.4.0", Medium, []string{"exposed nginx-gateway"}},
	{"ingress-nginx", "0.34.1", "0.49.3", High, []string{"immutable-field ingress-nginx-admission-create"}},
	{"clickhouse-operator", "release-0.24.5", "release-0.25.6", High, []string{"rbac-growth clickhouse-operator", "secret-in-git etc-clickhouse-operator-files"}},
	{"kube-prometheus", "v0.8.0", "v0.10.0", Medium, []string{"secret-in-git alertmanager-main"}},
}

func TestRealPairs(t *testing.T) {
	for _, pair := range realPairs {
		t.Run(fmt.Sprintf("%s %s to %s", pair.pkg, pair.from, pair.to), func(t *testing.T) {
			base, head := mirrored(t, pair.pkg, pair.from), mirrored(t, pair.pkg, pair.to)
			report := compare(t, base, head)
			var told []string
			for _, a := range report.Attention {
				told = append(told, a.Rule+" "+a.Object.Name)
			}
			for _, want := range pair.want {
				if !slices.Contains(told, want) {
					t.Errorf("not told: %s; but %s", want, strings.Join(told, "; "))
				}
			}
			if report.Summary.Risk != pair.risk {
				t.Errorf("risk %s, want %s: %s", report.Summary.Risk, pair.risk, strings.Join(told, "; "))
			}
			var page bytes.Buffer
			if err := Markdown(&page, report); err != nil || page.Len() > 60_000 {
				t.Errorf("%d bytes of markdown, %v", page.Len(), err)
			}
			checkWhole(t, page.String())
			for n, want := range pair.want {
				if _, name, _ := strings.Cut(want, " "); pair.risk == High && n == 0 && !strings.Contains(page.String()[:4_000], name) {
					t.Errorf("%s is not in the first screen", name)
				}
			}
			account(t, base, head, report)
			files, err := golden.Files(head)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(files, apply(t, base, report)); report.Origin.LeftOut == 0 && diff != "" {
				t.Errorf("the patch does not make head of base: %.2000s", diff)
			}
		})
	}
}

// TestRealTwinsAreEmpty compares every real version with itself, written in another file.
func TestRealTwinsAreEmpty(t *testing.T) {
	for _, pair := range realPairs {
		tree := mirrored(t, pair.pkg, pair.to)
		report, err := Compare(context.Background(), tree, golden.Map(map[string][]byte{"sub/all.yaml": oneFile(t, tree)}), Options{})
		if err != nil {
			t.Fatal(err)
		}
		if !report.Empty() || report.Summary.Moved == 0 {
			t.Errorf("%s %s against itself: %+v", pair.pkg, pair.to, report.Summary)
		}
	}
}

// oneFile is all of a tree as one file.
func oneFile(t *testing.T, tree fs.FS) []byte {
	t.Helper()
	files, err := golden.Files(tree)
	if err != nil {
		t.Fatal(err)
	}
	var all bytes.Buffer
	for _, name := range slices.Sorted(maps.Keys(files)) {
		all.WriteString("---\n")
		all.Write(files[name])
		all.WriteString("\n")
	}
	return all.Bytes()
}
