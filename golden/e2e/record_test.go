//go:build e2e

package e2e

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	utiljson "k8s.io/apimachinery/pkg/util/json"

	"gkops.dev/gkops/compat/finding"
)

// action is what was done to an object of the cluster.
type action string

const (
	created action = "created"
	changed action = "changed" // what it is to be, not its status
	leaving action = "leaving" // deleted, or marked to be as soon as its finalizers are done
	gone    action = "gone"
)

// entry is one write to the cluster.
type entry struct {
	revision int64 // of etcd: it orders all writes
	action   action
	key      string // of the object, as finding.Object gives it
	uid      string
}

// record is what was written to a cluster since it began, in order: etcd tells all of it, none is missed between two looks.
type record struct {
	mutex   sync.Mutex
	entries []entry
	live    map[string]*unstructured.Unstructured // by key
	seen    int64                                 // the last revision
	grown   chan struct{}                         // closed when there is more
	broken  error
}

// keep writes the record until the test ends.
func keep(t *testing.T) *record {
	t.Helper()
	eventually(t, wait, "etcd ready", func(ctx context.Context) error {
		response, err := ask(ctx, "/v3/kv/range", map[string]any{"key": registryKey("")})
		if err == nil {
			response.Body.Close()
		}
		return err
	})
	j := &record{live: map[string]*unstructured.Unstructured{}, grown: make(chan struct{})}
	ctx, cancel := context.WithCancel(context.Background())
	response, err := ask(ctx, "/v3/watch", map[string]any{"create_request": map[string]any{
		"key": registryKey(""), "range_end": base64.StdEncoding.EncodeToString([]byte("/registry0")), "start_revision": "1",
	}})
	if err != nil {
		cancel()
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		err := j.read(response.Body)
		if ctx.Err() == nil {
			j.add(nil, 0, fmt.Errorf("watch etcd: %w", err))
		}
	}()
	t.Cleanup(func() { cancel(); response.Body.Close(); <-done })
	return j
}

func registryKey(name string) string {
	return base64.StdEncoding.EncodeToString([]byte("/registry/" + name))
}

func ask(ctx context.Context, path string, question any) (*http.Response, error) {
	data, err := json.Marshal(question)
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, etcdURL+path, bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	return http.DefaultClient.Do(request)
}

// pair is a key of etcd with its value.
type pair struct {
	Key      []byte `json:"key"`
	Value    []byte `json:"value"`
	Revision string `json:"mod_revision"`
}

func (j *record) read(stream io.Reader) error {
	held := map[string]*unstructured.Unstructured{} // by key of etcd
	decoder := json.NewDecoder(bufio.NewReader(stream))
	for {
		var answer struct {
			Result struct {
				Canceled bool   `json:"canceled"`
				Reason   string `json:"cancel_reason"`
				Events   []struct {
					Now pair `json:"kv"`
				} `json:"events"`
			} `json:"result"`
		}
		if err := decoder.Decode(&answer); err != nil {
			return err
		}
		if answer.Result.Canceled {
			return fail("etcd ended it: %s", answer.Result.Reason)
		}
		for _, e := range answer.Result.Events {
			revision, err := strconv.ParseInt(e.Now.Revision, 10, 64)
			if err != nil {
				return err
			}
			if unread(string(e.Now.Key)) {
				j.add(nil, revision, nil)
				continue
			}
			was, now := held[string(e.Now.Key)], stored(e.Now.Value)
			if held[string(e.Now.Key)] = now; now == nil {
				delete(held, string(e.Now.Key))
			}
			j.hold(was, now) // first: who waits is woken by what comes next
			j.add(effect(was, now), revision, nil)
		}
	}
}

// unread reports whether a key is of no interest and of much traffic.
func unread(key string) bool {
	for _, kind := range []string{"events/", "leases/", "masterleases/", "endpointslices/", "services/endpoints/", "pods/", "e2e"} {
		if strings.HasPrefix(key, "/registry/"+kind) {
			return true
		}
	}
	return false
}

// stored is an object as etcd has it, with whole numbers as such, nil when there is none.
func stored(value []byte) *unstructured.Unstructured {
	var object map[string]any
	if len(value) == 0 || utiljson.Unmarshal(value, &object) != nil {
		return nil
	}
	return &unstructured.Unstructured{Object: object}
}

// effect is what a write did to an object, nil when it changed nothing but its status.
func effect(was, now *unstructured.Unstructured) *entry {
	switch {
	case was == nil && now == nil:
		return nil
	case was == nil:
		return &entry{action: created, key: keyOf(now), uid: string(now.GetUID())}
	case now == nil:
		return &entry{action: gone, key: keyOf(was), uid: string(was.GetUID())}
	case was.GetDeletionTimestamp() == nil && now.GetDeletionTimestamp() != nil:
		return &entry{action: leaving, key: keyOf(now), uid: string(now.GetUID())}
	case !reflect.DeepEqual(wanted(was), wanted(now)):
		return &entry{action: changed, key: keyOf(now), uid: string(now.GetUID())}
	}
	return nil
}

// keyOf is the key of an object as the rest of gkops has it.
func keyOf(object *unstructured.Unstructured) string {
	return finding.Object{
		APIVersion: object.GetAPIVersion(), Kind: object.GetKind(), Namespace: object.GetNamespace(), Name: object.GetName(),
	}.Key()
}

// wanted is what an object is to be: all of it but what servers and controllers write.
func wanted(object *unstructured.Unstructured) map[string]any {
	copied := object.DeepCopy()
	delete(copied.Object, "status")
	for _, field := range []string{"managedFields", "resourceVersion", "generation", "finalizers", "deletionTimestamp", "deletionGracePeriodSeconds"} {
		unstructured.RemoveNestedField(copied.Object, "metadata", field)
	}
	unstructured.RemoveNestedField(copied.Object, "metadata", "annotations", "deployment.kubernetes.io/revision")
	return copied.Object
}

func (j *record) add(e *entry, revision int64, broken error) {
	j.mutex.Lock()
	defer j.mutex.Unlock()
	if e != nil {
		e.revision = revision
		j.entries = append(j.entries, *e)
	}
	j.seen = max(j.seen, revision)
	j.broken = errors.Join(j.broken, broken)
	close(j.grown)
	j.grown = make(chan struct{})
}

func (j *record) hold(was, now *unstructured.Unstructured) {
	j.mutex.Lock()
	defer j.mutex.Unlock()
	switch {
	case now != nil:
		j.live[keyOf(now)] = now
	case was != nil:
		delete(j.live, keyOf(was))
	}
}

// until waits for the record to say something. The question is asked again whenever it has grown. What took long is logged, with what was missing when.
func (j *record) until(t *testing.T, within time.Duration, what string, ask func() error) {
	t.Helper()
	begin, end := time.Now(), time.After(within)
	var missing []string
	for {
		j.mutex.Lock()
		grown, broken := j.grown, j.broken
		err := ask()
		j.mutex.Unlock()
		took := time.Since(begin).Seconds()
		if broken != nil {
			t.Fatal(broken)
		}
		if err == nil {
			if took > 30 {
				t.Log(strings.Join(missing, "\n"))
			}
			if took > 1 {
				t.Logf("%s after %.1fs", what, took)
			}
			return
		}
		if text := err.Error(); len(missing) == 0 || !strings.HasSuffix(missing[len(missing)-1], text) {
			missing = append(missing, fmt.Sprintf("  %5.1fs: %s", took, text))
		}
		select {
		case <-grown:
		case <-t.Context().Done():
			t.Fatalf("not %s before the test ended:\n%s", what, strings.Join(missing, "\n"))
		case <-end:
			t.Fatalf("not %s within %s:\n%s\nnot ready are\n%s", what, within, strings.Join(missing, "\n"), j.unready())
		}
	}
}

// needs ends all waiting when a program ends by itself.
func (j *record) needs(died <-chan error) {
	go func() {
		if err := <-died; err != nil {
			j.add(nil, 0, err)
		}
	}()
}

// fault is why nothing is to be waited for any more, nil while there is no reason.
func (j *record) fault() error {
	j.mutex.Lock()
	defer j.mutex.Unlock()
	return j.broken
}

// unready are the objects that say of themselves that they are not ready, and why.
func (j *record) unready() string {
	j.mutex.Lock()
	defer j.mutex.Unlock()
	var lines []string
	for _, key := range slices.Sorted(maps.Keys(j.live)) {
		for _, kind := range []string{"Ready", "Available", "Established"} {
			if status, why := condition(j.live[key], kind); status != "True" && status != "" {
				lines = append(lines, fmt.Sprintf("  %s: %s is %s: %.300s", key, kind, status, why))
			}
		}
	}
	return strings.Join(lines, "\n")
}

// now is the revision of the cluster, when all that was written before is in the record.
func (j *record) now(t *testing.T) int64 {
	t.Helper()
	response, err := ask(t.Context(), "/v3/kv/put", map[string]any{"key": registryKey("e2e"), "value": registryKey("e2e")})
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var answer struct {
		Header struct {
			Revision string `json:"revision"`
		} `json:"header"`
	}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		t.Fatal(err)
	}
	revision, err := strconv.ParseInt(answer.Header.Revision, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	j.until(t, wait, fmt.Sprintf("revision %d in the record", revision), func() error {
		if j.seen < revision {
			return fail("it is at %d", j.seen)
		}
		return nil
	})
	return revision
}

// since is what was written after a revision.
func (j *record) since(revision int64) []entry {
	j.mutex.Lock()
	defer j.mutex.Unlock()
	for n, e := range j.entries {
		if e.revision > revision {
			return append([]entry(nil), j.entries[n:]...)
		}
	}
	return nil
}

// object is an object that is in the cluster, nil when it is not.
func (j *record) object(key string) *unstructured.Unstructured {
	j.mutex.Lock()
	defer j.mutex.Unlock()
	return j.live[key]
}

// identities are the uids of everything that is in the cluster and is to stay, by key.
func (j *record) identities() map[string]string {
	j.mutex.Lock()
	defer j.mutex.Unlock()
	all := make(map[string]string, len(j.live))
	for key, object := range j.live {
		if object.GetDeletionTimestamp() == nil {
			all[key] = string(object.GetUID())
		}
	}
	return all
}
