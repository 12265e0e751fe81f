//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// written is when an object came to be and changed last, in revisions of etcd, which order all writes of a cluster.
type written struct {
	key             string // "deployments/web/api", "apiextensions.k8s.io/customresourcedefinitions/x.example.org"
	created, change int64
}

// journal lists everything that is in the cluster, in the order in which it was created.
func (c *cluster) journal(ctx context.Context) ([]written, error) {
	const prefix = "/registry/"
	query, err := json.Marshal(map[string]any{
		"key": base64.StdEncoding.EncodeToString([]byte(prefix)), "range_end": base64.StdEncoding.EncodeToString([]byte("/registry0")),
		"keys_only": true,
	})
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, etcdURL+"/v3/kv/range", bytes.NewReader(query))
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	var answer struct {
		KVs []struct {
			Key     []byte `json:"key"`
			Created string `json:"create_revision"`
			Changed string `json:"mod_revision"`
		} `json:"kvs"`
	}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		return nil, err
	}
	var all []written
	for _, kv := range answer.KVs {
		created, err := strconv.ParseInt(kv.Created, 10, 64)
		if err != nil {
			return nil, err
		}
		changed, err := strconv.ParseInt(kv.Changed, 10, 64)
		if err != nil {
			return nil, err
		}
		all = append(all, written{strings.TrimPrefix(string(kv.Key), prefix), created, changed})
	}
	slices.SortFunc(all, func(a, b written) int { return int(a.created - b.created) })
	return all, nil
}

// find is the entries of the journal whose keys end so, in the order given. One that is missing fails the test.
func (c *cluster) find(t *testing.T, keys ...string) []written {
	t.Helper()
	all, err := c.journal(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var found []written
	for _, key := range keys {
		i := slices.IndexFunc(all, func(w written) bool { return w.key == key })
		if i < 0 {
			t.Fatalf("%s is not in the cluster", key)
		}
		found = append(found, all[i])
	}
	return found
}

// createdInOrder fails the test unless these objects were created one after the other.
func (c *cluster) createdInOrder(t *testing.T, keys ...string) {
	t.Helper()
	found := c.find(t, keys...)
	for i := 1; i < len(found); i++ {
		if found[i].created <= found[i-1].created {
			t.Errorf("%s (revision %d) was created before %s (revision %d)", found[i].key, found[i].created, found[i-1].key, found[i-1].created)
		}
	}
}
