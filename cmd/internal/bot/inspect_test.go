package bot_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"gkops.dev/gkops/cmd/internal/bot"
	"gkops.dev/gkops/gitops/forge"
)

// inspect reviews the pulls once.
func (f *fleet) inspect() bot.Result {
	f.t.Helper()
	results, err := f.bot(f.server.As("reviewer")).Inspect(context.Background())
	if err != nil || len(results) != 1 || results[0].Err() != nil {
		f.t.Fatalf("%+v, %v", results, err)
	}
	return results[0]
}

// told is the comment and the status of a pull.
func (f *fleet) told(p forge.Pull) (comment string, state forge.CheckState) {
	f.t.Helper()
	comments, err := f.server.As("alice").Comments(context.Background(), repo, p.Number)
	if err != nil || len(comments) != 1 {
		f.t.Fatalf("%d comments, %v", len(comments), err)
	}
	checks, err := f.server.As("alice").Checks(context.Background(), repo, p.HeadCommit)
	if err != nil || len(checks) != 1 {
		f.t.Fatalf("%d checks, %v", len(checks), err)
	}
	return comments[0].Body, checks[0].State
}

// pullOf opens a pull of a person.
func (f *fleet) pullOf(branch string, files map[string]string) forge.Pull {
	f.t.Helper()
	f.server.Push(f.t, repo, branch, "Mine", files)
	p, err := f.server.As("alice").OpenPull(context.Background(), repo, forge.NewPull{Title: "Mine", Head: branch, Base: "main"})
	if err != nil {
		f.t.Fatal(err)
	}
	return p
}

func TestReviewOfAnyPullIsOneComment(t *testing.T) {
	t.Parallel()
	f := upgraded(t)
	f.want(f.inspect(), "upgrade/tool updated")
	comment, state := f.told(f.pulls(forge.Open)[0])
	if state != forge.Success || !strings.Contains(comment, "the tree is what the lock says") {
		t.Errorf("%s\n%s", state, comment)
	}
	before := fmt.Sprint(f.server.Writes())
	f.want(f.inspect(), "upgrade/tool unchanged")
	if after := fmt.Sprint(f.server.Writes()); after != before {
		t.Errorf("a second review wrote %s, before %s", after, before)
	}
}

// TestReviewFollowsThePushes: a push changes the one comment that is there, and a comment that a person wrote stays.
func TestReviewFollowsThePushes(t *testing.T) {
	t.Parallel()
	f := upgraded(t)
	p := f.pullOf("mine", map[string]string{toolFile: "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: tool, namespace: tool}\ndata: {first: push}\n"})
	f.inspect()
	first := f.comments(p)
	f.server.Push(t, repo, "mine", "Again", map[string]string{toolFile: "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: tool, namespace: tool}\ndata: {second: push}\n"})
	if _, err := f.server.As("alice").PutComment(context.Background(), repo, p.Number, forge.Comment{Body: "Looks good."}); err != nil {
		t.Fatal(err)
	}
	f.inspect()
	after := f.comments(p)
	if len(first) != 1 || len(after) != 2 || after[0].ID != first[0].ID || after[1].Body != "Looks good." {
		t.Fatalf("before %+v\nafter %+v", first, after)
	}
	if strings.Contains(after[0].Body, "first: push") || !strings.Contains(after[0].Body, "second: push") {
		t.Errorf("the comment is not that of the last push: %s", after[0].Body)
	}
}

// comments are all comments of a pull.
func (f *fleet) comments(p forge.Pull) []forge.Comment {
	f.t.Helper()
	comments, err := f.server.As("alice").Comments(context.Background(), repo, p.Number)
	if err != nil {
		f.t.Fatal(err)
	}
	return comments
}

// TestReviewStartsWhereThePullDoes: what came into the base since is no change of the pull.
func TestReviewStartsWhereThePullDoes(t *testing.T) {
	t.Parallel()
	f := upgraded(t)
	p := f.pullOf("mine", map[string]string{"gkops.yaml": f.workspace() + "# mine\n"})
	f.merge(1)
	for n := range 12 {
		f.server.Push(t, repo, "main", "Other", map[string]string{"other": strings.Repeat("x", n+1)})
	}
	f.want(f.inspect(), "mine updated")
	comment, state := f.told(p)
	if state != forge.Success || strings.Contains(comment, "v1.1.0") {
		t.Errorf("%s\n%s", state, comment)
	}
}

func TestReviewFindsAnEditedTree(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "")
	p := f.pullOf("mine", map[string]string{toolFile: "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: tool, namespace: tool}\n"})
	f.pullOf("other", map[string]string{"README": "another\n"})
	f.want(f.inspect(), "mine updated")
	comment, state := f.told(p)
	if state != forge.Failure || !strings.Contains(comment, "edited "+toolFile) || !strings.Contains(comment, "gkops render") {
		t.Errorf("%s\n%s", state, comment)
	}
}

// TestC47PullNamesAHostileRegistry: nothing is asked of it.
func TestC47PullNamesAHostileRegistry(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "")
	asked := 0
	hostile := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked++ }))
	defer hostile.Close()
	p := f.pullOf("mine", map[string]string{"gkops.yaml": strings.Replace(f.workspace(), f.registry, hostile.URL, 1)})
	f.want(f.inspect(), "mine updated")
	comment, state := f.told(p)
	if asked > 0 || state != forge.Failure || !strings.Contains(comment, "changes registries") {
		t.Errorf("asked %d times, %s\n%s", asked, state, comment)
	}
}

// TestC47PullOfACommandNamesAHostileRegistry: the trailer and the marker are right, as anybody can make them who may push.
func TestC47PullOfACommandNamesAHostileRegistry(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "")
	asked := 0
	hostile := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked++ }))
	defer hostile.Close()
	const branch = bot.Prefix + "pull/add-evil"
	text := strings.Replace(f.workspace(), f.registry, hostile.URL, 1)
	base := f.server.Tip(t, repo, "main")
	f.server.Push(t, repo, branch, "Add evil\n\nGkops-Plan: "+bot.PlanDigest(branch, base, map[string][]byte{"gkops.yaml": []byte(text)}), map[string]string{"gkops.yaml": text})
	marker := bot.Marker{Kind: bot.Manual, Title: "Add evil", Base: "main"}
	if _, err := f.server.As("mallory").OpenPull(context.Background(), repo, forge.NewPull{Title: "Add evil", Body: marker.String(), Head: branch, Base: "main"}); err != nil {
		t.Fatal(err)
	}
	f.want(f.run(), "pull/add-evil unchanged")
	f.server.Push(t, repo, "main", "Other", map[string]string{"other": "x\n"})
	r := f.run()
	f.want(r, "pull/add-evil blocked")
	if asked > 0 || !strings.HasPrefix(r.Pulls[0].Why, "its registries or mirrors are not those of branch main") {
		t.Errorf("asked %d times, told %q", asked, r.Pulls[0].Why)
	}
}
