package remote

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/format/packfile"
	"github.com/go-git/go-git/v5/plumbing/format/pktline"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp/capability"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp/sideband"

	"gkops.dev/gkops/gitops"
)

// The two programs that a server runs.
const (
	uploadPack  = "git-upload-pack"
	receivePack = "git-receive-pack"
)

// readRefs reads what a server says first. An empty repository is no error.
func readRefs(r io.Reader) (*packp.AdvRefs, error) {
	said := packp.NewAdvRefs()
	err := said.Decode(r)
	if errors.Is(err, packp.ErrEmptyAdvRefs) {
		return said, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read what the server offers: %w", err)
	}
	return said, nil
}

// refsOf are the names that a server offers.
func refsOf(said *packp.AdvRefs) gitops.Refs {
	refs := gitops.Refs{ByName: map[string]string{}}
	for name, id := range said.References {
		if name != "HEAD" && !strings.HasSuffix(name, "^{}") {
			refs.ByName[name] = id.String()
		}
	}
	for _, link := range said.Capabilities.Get(capability.SymRef) {
		if target, found := strings.CutPrefix(link, "HEAD:refs/heads/"); found {
			refs.Head = target
		}
	}
	return refs
}

// maxHaves bounds what a fetch says that it has.
const maxHaves = 32

// fetchRequest asks for commits.
func fetchRequest(offers *capability.List, store *gitops.Store, ids []string, depth int) (*packp.UploadPackRequest, error) {
	request := packp.NewUploadPackRequest()
	multi := needsMultiACK(offers)
	wanted := []capability.Capability{capability.OFSDelta, capability.NoProgress}
	switch {
	case offers.Supports(capability.Sideband64k):
		wanted = append(wanted, capability.Sideband64k)
	case offers.Supports(capability.Sideband):
		wanted = append(wanted, capability.Sideband)
	}
	if multi {
		wanted = append(wanted, capability.MultiACKDetailed)
	}
	for _, name := range wanted {
		if offers.Supports(name) {
			if err := request.Capabilities.Set(name); err != nil {
				return nil, err
			}
		}
	}
	if !offers.Supports(capability.Shallow) {
		return nil, errors.New("the server cannot send a part of the history")
	}
	if err := request.Capabilities.Set(capability.Shallow); err != nil {
		return nil, err
	}
	request.Depth = packp.DepthCommits(depth)
	for _, id := range ids {
		request.Wants = append(request.Wants, plumbing.NewHash(id))
	}
	return request, store.Reading(func() error {
		shallow, err := store.Objects().Shallow()
		if err != nil {
			return err
		}
		request.Shallows = shallow
		if !multi {
			request.Haves = slices.Clone(shallow[max(0, len(shallow)-maxHaves):])
		}
		return nil
	})
}

// needsMultiACK finds the servers that answer nothing without multi_ack: those of Azure DevOps, which have no ofs-delta.
func needsMultiACK(offers *capability.List) bool {
	return offers.Supports(capability.MultiACKDetailed) && !offers.Supports(capability.OFSDelta)
}

// writeFetch writes a request. Over a connection that stays, the end of what is there is told apart from the end of the request.
func writeFetch(w io.Writer, request *packp.UploadPackRequest, stays bool) error {
	if err := request.UploadRequest.Encode(w); err != nil {
		return err
	}
	if err := request.UploadHaves.Encode(w, stays); err != nil {
		return err
	}
	return pktline.NewEncoder(w).EncodeString("done\n")
}

// receiveCommits puts what a server sends into the store.
func receiveCommits(body io.ReadCloser, request *packp.UploadPackRequest, store *gitops.Store) (err error) {
	answer := packp.NewUploadPackResponse(request)
	if err := answer.Decode(body); err != nil {
		return fmt.Errorf("read the answer: %w", err)
	}
	defer func() { err = errors.Join(err, answer.Close()) }()
	return store.Reading(func() error {
		if err := packfile.UpdateObjectStorage(store.Objects(), demux(answer, request.Capabilities, io.Discard)); err != nil {
			return fmt.Errorf("read the commits: %w", err)
		}
		return noteShallow(store, answer.ShallowUpdate)
	})
}

// noteShallow keeps which commits have no parents in the store. The commits come first, so that a kill leaves at most too little.
func noteShallow(store *gitops.Store, update packp.ShallowUpdate) error {
	before, err := store.Objects().Shallow()
	if err != nil {
		return err
	}
	after := slices.DeleteFunc(before, func(h plumbing.Hash) bool { return slices.Contains(update.Unshallows, h) })
	for _, hash := range update.Shallows {
		if !slices.Contains(after, hash) {
			after = append(after, hash)
		}
	}
	return store.Objects().SetShallow(after)
}

// demux is what a server sends without its messages, which go to talk.
func demux(r io.Reader, agreed *capability.List, talk io.Writer) io.Reader {
	kind := sideband.Sideband64k
	switch {
	case agreed.Supports(capability.Sideband64k):
	case agreed.Supports(capability.Sideband):
		kind = sideband.Sideband
	default:
		return r
	}
	d := sideband.NewDemuxer(kind, r)
	d.Progress = talk
	return d
}

// update is one branch that is to be moved.
type update struct {
	branch, old, id string
}

// request makes the whole push, and says how large its pack is.
func (u update) request(said *packp.AdvRefs, store *gitops.Store) (*packp.ReferenceUpdateRequest, int64, error) {
	request := packp.NewReferenceUpdateRequest()
	for _, name := range []capability.Capability{capability.ReportStatus, capability.Sideband64k} {
		if said.Capabilities.Supports(name) {
			if err := request.Capabilities.Set(name); err != nil {
				return nil, 0, err
			}
		}
	}
	if !request.Capabilities.Supports(capability.ReportStatus) {
		return nil, 0, errors.New("the server does not say what becomes of a push")
	}
	request.Commands = []*packp.Command{{
		Name: plumbing.NewBranchReferenceName(u.branch), Old: plumbing.NewHash(u.old), New: plumbing.NewHash(u.id),
	}}
	if u.id == "" {
		return request, 0, request.Capabilities.Set(capability.DeleteRefs)
	}
	pack, err := packOf(store, u.id, said)
	if err != nil {
		return nil, 0, err
	}
	request.Packfile = io.NopCloser(bytes.NewReader(pack))
	return request, int64(len(pack)), nil
}

// check compares where the branch is with where it should be. done says that nothing is left to do.
func (u update) check(said *packp.AdvRefs) (done bool, err error) {
	now := ""
	if hash, there := said.References["refs/heads/"+u.branch]; there {
		now = hash.String()
	}
	switch now {
	case u.id:
		return true, nil
	case u.old:
		return false, nil
	}
	return false, &LeaseError{Branch: u.branch, Want: u.old, Now: now}
}

// packOf packs what a commit has and the server may not.
func packOf(store *gitops.Store, id string, said *packp.AdvRefs) ([]byte, error) {
	var pack bytes.Buffer
	err := store.Reading(func() error {
		objects, err := missing(store.Objects(), plumbing.NewHash(id), said)
		if err != nil {
			return err
		}
		_, err = packfile.NewEncoder(&pack, store.Objects(), false).Encode(objects, 10)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("pack the commits: %w", err)
	}
	return pack.Bytes(), nil
}

// verdict reads what a server says to a push.
func (u update) verdict(body io.Reader, agreed *capability.List, name string, size int64) error {
	var talk bytes.Buffer
	report := packp.NewReportStatus()
	if err := report.Decode(demux(body, agreed, &talk)); err != nil {
		return fmt.Errorf("read the answer to the push: %w", err)
	}
	reason := ""
	if report.UnpackStatus != "ok" {
		reason = report.UnpackStatus
	}
	for _, command := range report.CommandStatuses {
		if command.Status != "ok" {
			reason = strings.Join(strings.Fields(command.Status+" "+reason), " ")
		}
	}
	if reason == "" {
		return nil
	}
	if words := serverWords(talk.String()); words != "" {
		reason += ": " + words
	}
	if tooLarge(reason) {
		return &SizeError{Remote: name, Bytes: size, Reason: reason}
	}
	return &ProtectedError{Remote: name, Branch: u.branch, Reason: reason}
}

// serverWords are the messages of a server on one line, without what plays with a terminal, and not too long.
func serverWords(text string) string {
	plain := strings.Map(func(r rune) rune {
		if r == 0x7f || r < ' ' && r != '\n' && r != '\r' && r != '\t' {
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, "\ufffd"))
	words := []rune(strings.Join(strings.Fields(plain), " "))
	if len(words) > 500 {
		return string(words[:500]) + "..."
	}
	return string(words)
}

// tooLarge tells a size limit by the words that Git and the forges have for it: the protocol has no code for it.
func tooLarge(reason string) bool {
	lower := strings.ToLower(reason)
	for _, words := range []string{"exceeds maximum", "exceeds the maximum", "maximum allowed size", "file size limit", "exceeds github", "too large", "size limit"} {
		if strings.Contains(lower, words) {
			return true
		}
	}
	return false
}
