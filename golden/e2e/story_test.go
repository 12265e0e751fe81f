//go:build e2e

package e2e

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// minors are the oldest and the newest Kubernetes that can be built.
var minors = [...]string{"1.30", "1.37"}

// TestFlux and TestArgoCD tell the volumes of a story for each minor, each on a cluster of its own.
func TestFlux(t *testing.T) { tellAll(t, newFlux) }

func TestArgoCD(t *testing.T) { tellAll(t, newArgoCD) }

func tellAll(t *testing.T, of func(*cluster) engine) {
	for _, minor := range minors {
		for _, v := range volumes() {
			t.Run("kubernetes "+minor+" "+v.name, func(t *testing.T) { v.tell(t, newScene(t, minor, of)) })
		}
	}
}

// volume is a part of the story that needs no other: packages are installed, upgraded, broken, mended, extended and taken out, as a team would
// do it. Every step is held to what the simulator of the engine foretells.
type volume struct {
	name     string
	chapters []chapter
}

type chapter struct {
	name string
	tell func(*scene, *testing.T)
}

func volumes() []volume {
	return []volume{
		{"layers", []chapter{
			{"four layers are installed in order", (*scene).installed},
			{"an upgrade goes in order, and nothing is made again", (*scene).upgraded},
			{"a broken operator holds back what needs it, and the next commit mends it", (*scene).mended},
			{"a dependency that comes later moves layers, and nothing is made again", (*scene).extended},
			{"all is taken out in steps, and data stays", (*scene).removed},
		}},
		{"kinds", []chapter{
			{"a shared Namespace, two instances, hooks, a release and a large definition are installed", (*scene).gathered},
			{"hooks run again, the release and the definition are upgraded, and more comes than Argo CD reads from one folder", (*scene).renewed},
			{"a Namespace stays when one of its two packages goes, and an instance when the other one goes", (*scene).parted},
			{"what is left is taken out", (*scene).cleared},
		}},
	}
}

// tell ends with the first chapter that fails.
func (v volume) tell(t *testing.T, s *scene) {
	for _, c := range v.chapters {
		if !t.Run(c.name, func(t *testing.T) { c.tell(s, t) }) {
			t.FailNow()
		}
	}
}

// The keys of the objects that the story follows.
const (
	keysDefinition = "apiextensions.k8s.io/CustomResourceDefinition//keypairs.keys.test"
	keysOperator   = "apps/Deployment/keys/keys"
	keysNamespace  = "/Namespace//keys"
	defaultKey     = "keys.test/KeyPair/keys/default"
	sessionKey     = "keys.test/KeyPair/shop/session"
	shop           = "apps/Deployment/shop/shop"
	shopSettings   = "/ConfigMap/shop/shop"
	shopNamespace  = "/Namespace//shop"
	auditSettings  = "/ConfigMap/audit/audit"
	badgeSettings  = "/ConfigMap/default/badge"
	formsBefore    = "batch/Job/forms/forms-migrate"
	formsSettings  = "/ConfigMap/forms/forms-settings"
	formsAfter     = "batch/Job/forms/forms-announce"
	largeDefined   = "apiextensions.k8s.io/CustomResourceDefinition//larges.large.test"
	toolDefined    = "apiextensions.k8s.io/CustomResourceDefinition//tools.tools.test"
	toolSettings   = "/ConfigMap/tools/tool-settings"
)

func (s *scene) installed(t *testing.T) {
	s.gkops(t, "add", "shop@1.0.0", "keys@1.0.0", "badge@1.0.0", "--commit")
	step := s.begin(t)
	step.inOrder(t, keysDefinition, keysOperator, defaultKey, shop)
	step.inOrder(t, keysOperator, sessionKey)
	if s.hook.reviews.Load() < 2 {
		t.Errorf("the webhook saw %d objects, want both keys", s.hook.reviews.Load())
	}
	if text := s.text(t, shopSettings); text != "${HOME} and $${x} in one" {
		t.Errorf("the text arrived as %q", text)
	}
}

func (s *scene) upgraded(t *testing.T) {
	s.gkops(t, "add", "keys@1.1.0", "shop@1.1.0", "--commit")
	s.next(t).inOrder(t, keysDefinition, keysOperator, defaultKey, shop)
	if text := s.text(t, shopSettings); text != "${HOME} and $${x} in two" {
		t.Errorf("the text arrived as %q", text)
	}
}

// mended breaks the operator in a way that no API server takes, and mends it.
func (s *scene) mended(t *testing.T) {
	s.gkops(t, "add", "keys@1.2.0", "--commit")
	s.push(t)
	s.engine.refused(t, "keys-core", `Deployment.apps "keys" is invalid`)
	for _, e := range s.record.since(s.revision) {
		if e.key == defaultKey || e.key == sessionKey || e.key == shop {
			t.Errorf("%s was %s although its operator failed", e.key, e.action)
		}
	}
	s.gkops(t, "add", "keys@1.2.1", "--commit")
	s.next(t).inOrder(t, keysOperator, defaultKey)
}

// extended gives shop a dependency, and badge its first one: audit comes before both, which move a layer back.
func (s *scene) extended(t *testing.T) {
	s.gkops(t, "add", "shop@1.2.0", "badge@1.1.0", "--commit")
	step := s.next(t)
	step.inOrder(t, auditSettings, shop)
	step.inOrder(t, auditSettings, badgeSettings)
}

// gathered installs packages of many kinds at once.
func (s *scene) gathered(t *testing.T) {
	s.gkops(t, "add", "board", "wall")
	s.gkops(t, "add", "note", "--as", "red", "-n", "notes")
	s.gkops(t, "add", "note", "--as", "blue", "-n", "notes")
	s.gkops(t, "add", "forms@1.0.0", "-n", "forms")
	s.gkops(t, "add", "tool@1.0.0", "--mode", "release", "-n", "tools")
	s.gkops(t, "add", "large@1.0.0")
	s.gkops(t, "render", "--commit")
	step := s.begin(t)
	step.inOrder(t, formsBefore, formsSettings, formsAfter)
	step.inOrder(t, largeDefined, "large.test/Large/large/one")
	s.there(t, "/ConfigMap/public/board", "/ConfigMap/notes/red-note")
	s.released(t, "1.0.0")
}

// renewed upgrades what has hooks, the release and the large definition. With Argo CD, two packages come that share a Namespace and have 10.5 MB
// together, which is more than it reads of one source.
func (s *scene) renewed(t *testing.T) {
	s.gkops(t, "add", "forms@1.1.0", "-n", "forms")
	s.gkops(t, "add", "tool@1.1.0", "--mode", "release", "-n", "tools")
	s.gkops(t, append([]string{"add", "large@1.1.0"}, s.heaps()...)...)
	s.gkops(t, "render", "--commit")
	step := s.next(t)
	var order []string
	for _, e := range step.entries {
		if e.action == created && strings.HasPrefix(e.key, "batch/Job/forms/") || e.action == changed && e.key == formsSettings {
			order = append(order, e.key)
		}
	}
	if got := strings.Join(order, " "); got != formsBefore+" "+formsSettings+" "+formsAfter {
		t.Errorf("the upgrade went %s", got)
	}
	s.released(t, "1.1.0")
	for _, pkg := range s.heaps() {
		s.there(t, "/ConfigMap/heaps/"+pkg+"-0", "/ConfigMap/heaps/"+pkg+"-6")
	}
}

// heaps are the two packages that are more than the engine reads of one source, none for an engine without such a bound.
func (s *scene) heaps() []string {
	if s.engine.name() == "argocd" {
		return []string{"heap", "pile"}
	}
	return nil
}

// released waits until the engine has brought a chart to a version that it installs itself, and its definition. The object that stands for the release
// in the plan may be ready before what the chart makes is: Argo CD takes an Application for healthy at once.
func (s *scene) released(t *testing.T, version string) {
	t.Helper()
	s.record.until(t, wait, "released "+version, func() error {
		text, defines := s.record.live[toolSettings], s.record.live[toolDefined]
		if text == nil || defines == nil {
			return fail("its objects are not there")
		}
		if at, _, _ := unstructured.NestedString(text.Object, "data", "text"); at != version {
			return fail("it is at %s", at)
		}
		if fields := fmt.Sprint(defines.Object["spec"]); strings.Contains(fields, "size") != (version == "1.1.0") {
			return fail("its definition is that of another version")
		}
		return nil
	})
}

// parted takes out one of two packages in a Namespace, the one that brought it, one of two instances of a package, the release, and the heaps.
func (s *scene) parted(t *testing.T) {
	s.remove(t, append([]string{"board", "red", "tool"}, s.heaps()...)...)
	s.record.until(t, wait, "uninstalled", func() error {
		if s.record.live[toolSettings] != nil {
			return fail("%s is still there", toolSettings)
		}
		return nil
	})
	s.there(t, "/Namespace//public", "/ConfigMap/public/wall", "/Namespace//notes", "/ConfigMap/notes/blue-note", toolDefined)
	s.absent(t, "/ConfigMap/public/board", "/ConfigMap/notes/red-note", "/ConfigMap/heaps/heap-0", "/ConfigMap/heaps/pile-6")
}

// removed takes everything out, one part per commit: what it leaves behind is what holds data.
func (s *scene) removed(t *testing.T) {
	before := s.record.identities()
	s.remove(t, "shop", "keys", "badge")
	if n := len(s.tree.Objects); n > 0 {
		t.Errorf("%d objects are left in Git", n)
	}
	s.absent(t, defaultKey, sessionKey, keysOperator, shop, shopSettings, auditSettings, badgeSettings)
	s.there(t, keysDefinition, keysNamespace, shopNamespace)
	s.nothingAgain(t, before)
}

func (s *scene) cleared(t *testing.T) {
	before := s.record.identities()
	s.remove(t, "wall", "blue", "forms", "large")
	s.absent(t, "/ConfigMap/public/wall", formsSettings)
	s.there(t, "/Namespace//public", largeDefined)
	s.nothingAgain(t, before)
}

// nothingAgain fails the test when what was there is there again, made anew.
func (s *scene) nothingAgain(t *testing.T, before map[string]string) {
	t.Helper()
	for key, uid := range s.record.identities() {
		hook := strings.HasPrefix(key, "batch/Job/") // runs again in every sync of Argo CD
		if was := before[key]; was != "" && was != uid && !hook {
			t.Errorf("%s was deleted and made again", key)
		}
	}
}

// goneCommand reads what gkops says must be gone before the next step is merged.
var goneCommand = regexp.MustCompile(`(?m)^    kubectl get ([a-z]+)(?:\.([a-z0-9.]+))? ([^ \n]+)(?: -n ([^ \n]+))?$`)

// remove takes instances out, step by step, and holds each step to what it says itself: what must be gone before the next.
func (s *scene) remove(t *testing.T, instances ...string) {
	t.Helper()
	said := s.gkops(t, append(append([]string{"remove"}, instances...), "--commit")...)
	for {
		step := s.next(t)
		for _, line := range goneCommand.FindAllStringSubmatch(said, -1) {
			for _, e := range step.entries {
				if kind, rest, _ := strings.Cut(strings.TrimPrefix(e.key, line[2]+"/"), "/"); strings.EqualFold(kind, line[1]) && rest == line[4]+"/"+line[3] {
					if s.record.object(e.key) != nil {
						t.Errorf("%s is still there, and gkops lets go on when it is gone", e.key)
					}
				}
			}
		}
		if !strings.Contains(said, "run 'gkops remove' again") {
			return
		}
		said = s.gkops(t, "remove", "--commit")
	}
}

// text is the entry "text" of a ConfigMap.
func (s *scene) text(t *testing.T, key string) string {
	t.Helper()
	object := s.record.object(key)
	if object == nil {
		t.Fatalf("no %s", key)
	}
	text, _, _ := unstructured.NestedString(object.Object, "data", "text")
	return text
}

// there fails the test unless objects are in the cluster.
func (s *scene) there(t *testing.T, keys ...string) {
	t.Helper()
	for _, key := range keys {
		if object := s.record.object(key); object == nil || object.GetDeletionTimestamp() != nil {
			t.Errorf("%s is not in the cluster", key)
		}
	}
}

// absent fails the test when objects are in the cluster.
func (s *scene) absent(t *testing.T, keys ...string) {
	t.Helper()
	for _, key := range keys {
		if s.record.object(key) != nil {
			t.Errorf("%s is in the cluster", key)
		}
	}
}
