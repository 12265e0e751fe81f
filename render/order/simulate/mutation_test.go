package simulate_test

import (
	"bytes"
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"gkops.dev/gkops/render/order/simulate"
)

// soundFlux is a tree in which every dependency is needed.
const soundFlux = `
kustomization spaces-core
  Namespace shop
kustomization cert-crds
  Namespace cert
  CRD certs.cert.dev kind=Cert storage=v1
kustomization cert-core list after=cert-crds
  Deployment cert/web app=web
  Service cert/web app=web
  Webhook cert service=cert/web resources=cert.dev/certs
  StatefulSet cert/store app=store
kustomization cert-config after=cert-core
  cert.dev/v1/Cert cert/ca
kustomization shop-crds
  CRD things.shop.dev kind=Thing storage=v2 convert=shop/web
kustomization shop-core after=shop-crds,spaces-core,cert-core
  Deployment shop/web app=web
  Service shop/web app=web
  cert.dev/v1/Cert shop/tls
  Webhook shop service=shop/web resources=shop.dev/things
kustomization shop-config after=shop-core
  shop.dev/v1/Thing shop/mine
`

// soundArgo is the same for Argo CD.
const soundArgo = `
source packages/cert
  Namespace cert wave=10 in=crds
  CRD certs.cert.dev kind=Cert storage=v1 wave=10 in=crds
  Deployment cert/web app=web wave=20 in=core
  Service cert/web app=web wave=20 in=core
  Webhook cert service=cert/web resources=cert.dev/certs wave=20 in=core
  StatefulSet cert/store app=store wave=20 in=core
  cert.dev/v1/Cert cert/ca wave=30 in=config
source packages/shop
  Namespace shop wave=10 in=crds
  CRD things.shop.dev kind=Thing storage=v2 convert=shop/web wave=10 in=crds
  cert.dev/v1/Cert shop/tls wave=30 in=core
  Deployment shop/web app=web wave=30 in=core
  Service shop/web app=web wave=30 in=core
  Webhook shop service=shop/web resources=shop.dev/things wave=30 in=core
  ConfigMap shop/big big wave=30 @argocd.argoproj.io/sync-options=ServerSideApply=true in=core
  shop.dev/v1/Thing shop/mine wave=40 in=config
`

// mutation is a sound tree with one thing wrong.
type mutation struct {
	name    string
	files   map[string][]byte
	upgrade bool // it is wrong coming from the sound tree, not in itself
}

func TestEveryMutationIsFound(t *testing.T) {
	for engine, text := range map[string]string{simulate.Flux: soundFlux, simulate.ArgoCD: soundArgo} {
		sound := treeFiles(t, text)
		before, err := simulate.Read(sound, root, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, timeline := range []*simulate.Timeline{simulate.Predict(nil, before), simulate.Predict(before, before)} {
			if len(timeline.Faults) > 0 {
				t.Fatalf("%s: the sound tree has faults: %v", engine, timeline.Faults)
			}
		}
		all := fluxMutations(sound)
		if engine == simulate.ArgoCD {
			all = argoMutations(sound)
		}
		all = append(all, lossMutations(sound)...)
		component := func(m mutation) bool { return strings.Contains(m.name, "/flux/waits/") }
		if len(all) < 20 || engine == simulate.Flux && !slices.ContainsFunc(all, component) {
			t.Errorf("%s: only %d mutations, or none of a component", engine, len(all))
		}
		for _, m := range all {
			after, err := simulate.Read(m.files, root, before)
			if err != nil {
				continue // found: no engine could read it
			}
			var from *simulate.Tree
			if m.upgrade {
				from = before
			}
			if len(simulate.Predict(from, after).Faults) == 0 {
				t.Errorf("%s: %s is not found", engine, m.name)
			}
		}
		t.Logf("%s: %d mutations", engine, len(all))
	}
}

// with is a copy with one file changed; without content it is gone.
func with(files map[string][]byte, file string, data []byte) map[string][]byte {
	files = maps.Clone(files)
	if data == nil {
		delete(files, file)
	} else {
		files[file] = data
	}
	return files
}

var dependency = regexp.MustCompile(`  - name: (\S+)\n`)

func fluxMutations(sound map[string][]byte) []mutation {
	var all []mutation
	owners := slices.DeleteFunc(slices.Sorted(maps.Keys(sound)), func(file string) bool {
		return path.Dir(file) != root+"/flux" || path.Base(file) == "kustomization.yaml"
	})
	add := func(upgrade bool, files map[string][]byte, format string, args ...any) {
		all = append(all, mutation{fmt.Sprintf(format, args...), files, upgrade})
	}
	list := root + "/flux/kustomization.yaml"
	for _, file := range owners {
		name, data := strings.TrimSuffix(path.Base(file), ".yaml"), sound[file]
		for _, entry := range dependency.FindAllSubmatch(data, -1) {
			less := bytes.Replace(data, entry[0], nil, 1)
			less = bytes.Replace(less, []byte("  dependsOn:\n  path"), []byte("  path"), 1)
			add(false, with(sound, file, less), "%s without its dependency on %s", name, entry[1])
			other := root + "/flux/" + string(entry[1]) + ".yaml"
			back := bytes.Replace(sound[other], []byte("spec:\n"), []byte("spec:\n  dependsOn:\n  - name: "+name+"\n"), 1)
			back = bytes.Replace(back, []byte("\n  dependsOn:\n  - name: "+name+"\n  dependsOn:\n"), []byte("\n  dependsOn:\n  - name: "+name+"\n"), 1)
			add(false, with(with(sound, file, less), other, back), "%s before %s and not after it", name, entry[1])
			add(false, with(sound, other, back), "%s and %s wait for each other", name, entry[1])
			add(false, with(sound, file, bytes.Replace(data, entry[0], []byte("  - name: nobody\n"), 1)), "%s waits for nobody", name)
		}
		add(false, with(sound, list, bytes.Replace(sound[list], []byte("- "+name+".yaml\n"), nil, 1)), "%s is not listed", name)
		add(false, with(sound, file, bytes.Replace(data, []byte("name: flux-system\n"), []byte("name: other\n"), 1)), "%s has another source", name)
		if strings.HasSuffix(name, "-core") && name != "spaces-core" {
			add(false, with(sound, file, bytes.Replace(data, []byte("wait: true"), []byte("wait: false"), 1)), "%s does not wait", name)
		}
		renamed := bytes.Replace(data, []byte("name: "+name+"\n"), []byte("name: renamed-"+name+"\n"), 1)
		add(true, with(sound, file, renamed), "%s has another name", name)
		for _, other := range owners {
			if other > file {
				swapped := with(with(sound, file, replacePath(data, sound[other])), other, replacePath(sound[other], data))
				add(true, swapped, "%s and %s have each other's folders", name, path.Base(other))
			}
		}
	}
	for _, file := range slices.Sorted(maps.Keys(sound)) {
		if strings.HasPrefix(file, root+"/flux/waits/") {
			add(false, with(sound, file, nil), "%s is gone", file)
		}
	}
	return append(all, fluxMoves(sound)...)
}

var fluxPath = regexp.MustCompile(`  path: \S+\n`)

func replacePath(data, from []byte) []byte { return fluxPath.ReplaceAll(data, fluxPath.Find(from)) }

// fluxMoves moves every object to every other folder whose owner is not one that the old owner waits for: there it is deleted and made again.
func fluxMoves(sound map[string][]byte) []mutation {
	waits := map[string]string{
		"cert/core": "cert/crds", "cert/config": "cert/crds cert/core", "shop/core": "shop/crds spaces/core cert/crds cert/core",
		"shop/config": "shop/core shop/crds spaces/core cert/crds cert/core",
	}
	var all []mutation
	for _, file := range objectFiles(sound) {
		from := strings.TrimPrefix(path.Dir(file), root+"/packages/")
		for _, to := range []string{"spaces/core", "cert/crds", "cert/core", "cert/config", "shop/crds", "shop/core", "shop/config"} {
			if to == from || slices.Contains(strings.Fields(waits[from]), to) {
				continue
			}
			target := path.Join(root, "packages", to)
			moved := with(with(sound, file, nil), path.Join(target, path.Base(file)), sound[file])
			moved = unlist(moved, path.Dir(file), path.Base(file))
			list := target + "/kustomization.yaml"
			moved = with(moved, list, slices.Concat(moved[list], []byte("- "+path.Base(file)+"\n")))
			all = append(all, mutation{file + " moves to " + to, moved, true})
		}
	}
	return all
}

func objectFiles(files map[string][]byte) []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(files)), func(file string) bool {
		return !strings.HasPrefix(file, root+"/packages/") || path.Base(file) == "kustomization.yaml"
	})
}

func unlist(files map[string][]byte, folder, name string) map[string][]byte {
	list := folder + "/kustomization.yaml"
	if files[list] == nil {
		return files
	}
	rest := bytes.Replace(files[list], []byte("- "+name+"\n"), nil, 1)
	if bytes.HasSuffix(rest, []byte("resources:\n")) {
		rest = bytes.Replace(rest, []byte("resources:\n"), []byte("resources: []\n"), 1)
	}
	return with(files, list, rest)
}

var wave = regexp.MustCompile(`sync-wave: "(\d+)"`)

func argoMutations(sound map[string][]byte) []mutation {
	app := root + "/argocd/application.yaml"
	all := []mutation{
		{"no refresh", with(sound, app, bytes.Replace(sound[app], []byte("refresh: true"), []byte("refresh: false"), 1)), false},
		{"one source less", with(sound, app, bytes.Replace(sound[app], []byte("path: gkops/prod/packages/shop\n"), []byte("path: gkops/prod/packages/gone\n"), 1)), false},
		{"the Application is gone", with(sound, app, nil), true},
	}
	for _, file := range objectFiles(sound) {
		data := sound[file]
		if bytes.Contains(data, []byte("ServerSideApply")) {
			all = append(all, mutation{file + " without server-side apply", with(sound, file, bytes.Replace(data, []byte("ServerSideApply=true"), []byte("Validate=false"), 1)), false})
		}
		kind := path.Base(file)
		if !strings.HasPrefix(kind, "cert_") && !strings.HasPrefix(kind, "thing_") && !strings.HasPrefix(kind, "deployment_") {
			continue // what only has to be there is pulled forward, or waits for nothing
		}
		for _, early := range []string{"0", "5"} {
			all = append(all, mutation{file + " in wave " + early, with(sound, file, wave.ReplaceAll(data, []byte(`sync-wave: "`+early+`"`))), false})
		}
		all = append(all, mutation{file + " without a wave", with(sound, file, wave.ReplaceAll(data, []byte("other: x"))), false})
	}
	for _, pair := range [][2]string{{"10", "20"}, {"20", "30"}, {"30", "40"}, {"10", "40"}, {"20", "40"}} {
		swapped := maps.Clone(sound)
		for _, file := range objectFiles(sound) {
			swapped[file] = wave.ReplaceAllFunc(sound[file], func(found []byte) []byte {
				switch number := wave.FindSubmatch(found)[1]; string(number) {
				case pair[0]:
					return []byte(`sync-wave: "` + pair[1] + `"`)
				case pair[1]:
					return []byte(`sync-wave: "` + pair[0] + `"`)
				}
				return found
			})
		}
		all = append(all, mutation{fmt.Sprintf("waves %v are swapped", pair), swapped, false})
	}
	return all
}

// lossMutations take away, coming from the sound tree, what must not go, or not like this.
func lossMutations(sound map[string][]byte) []mutation {
	var all []mutation
	argocd := sound[root+"/argocd/application.yaml"] != nil
	for _, file := range objectFiles(sound) {
		kind, _, _ := strings.Cut(path.Base(file), "_")
		if kind == "statefulset" || kind == "namespace" || kind == "crd" && !argocd {
			all = append(all, mutation{file + " is gone", unlist(with(sound, file, nil), path.Dir(file), path.Base(file)), true})
		}
		if kind == "service" {
			all = append(all, mutation{file + " is gone", unlist(with(sound, file, nil), path.Dir(file), path.Base(file)), true})
		}
		all = append(all, mutation{file + " twice", twice(sound, file), false})
	}
	for _, name := range []string{"cert", "shop"} {
		less := maps.Clone(sound)
		maps.DeleteFunc(less, func(file string, _ []byte) bool { return strings.HasPrefix(file, root+"/packages/"+name+"/") })
		for _, part := range []string{"crds", "core", "config"} {
			owner := name + "-" + part + ".yaml"
			delete(less, root+"/flux/"+owner)
			less = unlist(less, root+"/flux", owner)
		}
		all = append(all, mutation{"package " + name + " is gone", less, true})
	}
	return all
}

func twice(files map[string][]byte, file string) map[string][]byte {
	folder := path.Dir(file)
	files = with(files, folder+"/again.yaml", files[file])
	if list := folder + "/kustomization.yaml"; files[list] != nil {
		files = with(files, list, slices.Concat(files[list], []byte("- again.yaml\n")))
	}
	return files
}

// TestEventsAreInAnOrderThatIsPossible: no event is listed before one that is sure to be over when it comes, and nothing is before itself.
func TestEventsAreInAnOrderThatIsPossible(t *testing.T) {
	for _, text := range []string{soundFlux, soundArgo} {
		tree := readTree(t, text, nil)
		timeline := simulate.Predict(nil, tree)
		if len(timeline.Events) != len(tree.Objects) {
			t.Errorf("%d events for %d objects", len(timeline.Events), len(tree.Objects))
		}
		ordered := 0
		for i := range timeline.Events {
			for j := range timeline.Events {
				a, b := &timeline.Events[i], &timeline.Events[j]
				if !timeline.Before(a, b) {
					continue
				}
				ordered++
				if i >= j || timeline.Before(b, a) {
					t.Errorf("%s is before %s", a.Object.ID, b.Object.ID)
				}
			}
		}
		if ordered == 0 {
			t.Error("nothing is before anything")
		}
	}
}

// TestWhatIsSeenContradicts: an order that the engine may take contradicts nothing; one pair the wrong way round is told.
func TestWhatIsSeenContradicts(t *testing.T) {
	timeline := simulate.Predict(nil, readTree(t, soundFlux, nil))
	var seen []string
	for _, e := range timeline.Events {
		seen = append(seen, e.Object.ID.Key())
	}
	if wrong := timeline.Contradicts(seen); len(wrong) > 0 {
		t.Errorf("the predicted order contradicts itself: %v", wrong)
	}
	wrong := timeline.Contradicts([]string{"shop.dev/Thing/shop/mine", "of/another/cluster/x", "apps/Deployment/shop/web"})
	if len(wrong) != 1 || wrong[0].First.Object.ID.Kind != "Deployment" || wrong[0].Then.Object.ID.Kind != "Thing" {
		t.Errorf("got %+v", wrong)
	}
	if events := timeline.Of("apps/Deployment/shop/web"); len(events) != 1 || events[0].Stage != "rest" || events[0].Action != simulate.Create {
		t.Errorf("got %+v", events)
	}
}
