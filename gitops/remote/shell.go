package remote

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"

	"github.com/go-git/go-git/v5/plumbing/format/pktline"
	"github.com/skeema/knownhosts"
	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"gkops.dev/gkops/gitops"
)

// shell speaks to an ssh server, which runs one program for each conversation.
type shell struct {
	at      address
	options Options
}

func (s *shell) refs(ctx context.Context) (gitops.Refs, error) {
	var refs gitops.Refs
	err := s.run(ctx, uploadPack, func(c *conversation) error {
		said, err := readRefs(c.out)
		if err != nil {
			return err
		}
		refs = refsOf(said)
		return pktline.NewEncoder(c.in).Flush()
	})
	return refs, err
}

func (s *shell) fetch(ctx context.Context, store *gitops.Store, ids []string, depth int) error {
	return s.run(ctx, uploadPack, func(c *conversation) error {
		said, err := readRefs(c.out)
		if err != nil {
			return err
		}
		request, err := fetchRequest(said.Capabilities, store, ids, depth)
		if err != nil {
			return err
		}
		if err := writeFetch(c.in, request, true); err != nil {
			return err
		}
		return receiveCommits(io.NopCloser(c.out), request, store)
	})
}

func (s *shell) push(ctx context.Context, store *gitops.Store, branch, old, id string) error {
	u := update{branch: branch, old: old, id: id}
	return s.run(ctx, receivePack, func(c *conversation) error {
		said, err := readRefs(c.out)
		if err != nil {
			return err
		}
		if done, err := u.check(said); done || err != nil {
			return errors.Join(err, pktline.NewEncoder(c.in).Flush())
		}
		request, size, err := u.request(said, store)
		if err != nil {
			return err
		}
		if err := request.Encode(c.in); err != nil {
			return err
		}
		return u.verdict(c.out, request.Capabilities, s.at.String(), size)
	})
}

// conversation is a running program of the server.
type conversation struct {
	in  io.WriteCloser
	out io.Reader
}

// run connects, starts a program and talks to it. The connection is closed when ctx ends, which ends every wait.
func (s *shell) run(ctx context.Context, program string, talk func(*conversation) error) error {
	ctx, watched := watch(ctx, s.at.String(), s.options.Slow)
	defer watched.stop()
	var dialer net.Dialer
	connection, err := dialer.DialContext(ctx, "tcp", s.at.dial("22"))
	if err != nil {
		return watched.reason(ctx, err)
	}
	defer connection.Close()
	ended := context.AfterFunc(ctx, func() { connection.Close() })
	defer ended()
	return watched.reason(ctx, s.over(ctx, &countedConn{Conn: connection, watcher: watched}, program, talk))
}

type countedConn struct {
	net.Conn
	watcher *watcher
}

// Read reads and counts.
func (c *countedConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.watcher.count(n)
	return n, err
}

// Write writes and counts.
func (c *countedConn) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	c.watcher.count(n)
	return n, err
}

// over has a conversation over a connection.
func (s *shell) over(ctx context.Context, connection net.Conn, program string, talk func(*conversation) error) error {
	config, end, err := s.config(ctx)
	if err != nil {
		return err
	}
	defer end()
	secure, channels, requests, err := ssh.NewClientConn(connection, s.at.dial("22"), config)
	if err != nil {
		return s.refusal(err)
	}
	client := ssh.NewClient(secure, channels, requests)
	defer client.Close()
	session, err := client.NewSession()
	if err != nil {
		return fmt.Errorf("open an ssh session: %w", err)
	}
	defer session.Close()
	var complaint bytes.Buffer
	session.Stderr = &limited{buffer: &complaint}
	in, err := session.StdinPipe()
	if err != nil {
		return err
	}
	out, err := session.StdoutPipe()
	if err != nil {
		return err
	}
	path := s.at.path
	if err := session.Start(program + " '" + strings.ReplaceAll(strings.ReplaceAll(path, `'`, `'\''`), "!", `'\!'`) + "'"); err != nil {
		return fmt.Errorf("start %s: %w", program, err)
	}
	err = talk(&conversation{in: in, out: out})
	in.Close()
	if err == nil || ctx.Err() != nil {
		return err
	}
	if waitErr := session.Wait(); waitErr != nil && complaint.Len() > 0 {
		return s.complained(err, serverWords(complaint.String()))
	}
	return err
}

// complained puts what a program said into its error. A repository that is not there has no code in the protocol.
func (s *shell) complained(err error, words string) error {
	var lease *LeaseError
	var protected *ProtectedError
	var size *SizeError
	if errors.As(err, &lease) || errors.As(err, &protected) || errors.As(err, &size) {
		return err
	}
	lower := strings.ToLower(words)
	switch {
	case strings.Contains(lower, "not found") || strings.Contains(lower, "does not exist") || strings.Contains(lower, "does not appear to be a git repository"):
		return &NotFoundError{Remote: s.at.String(), Reason: words}
	case strings.Contains(lower, "denied") || strings.Contains(lower, "not allowed") || strings.Contains(lower, "read only") || strings.Contains(lower, "read-only"):
		return &AuthError{Remote: s.at.String(), Reason: words}
	}
	return fmt.Errorf("%w: %s", err, words)
}

// limited keeps the beginning of what is written to it.
type limited struct{ buffer *bytes.Buffer }

// Write takes everything and keeps some.
func (l *limited) Write(p []byte) (int, error) {
	if room := 2000 - l.buffer.Len(); room > 0 {
		l.buffer.Write(p[:min(room, len(p))])
	}
	return len(p), nil
}

// refusal says why no connection came about.
func (s *shell) refusal(err error) error {
	switch {
	case knownhosts.IsHostKeyChanged(err):
		return &AuthError{Remote: s.at.String(), Reason: "the server shows another key than known_hosts says; somebody may be in between"}
	case knownhosts.IsHostUnknown(err):
		return &AuthError{Remote: s.at.String(), Reason: "no known_hosts file has the key of the server; add it, as ssh-keyscan prints it, after you compared it"}
	case strings.Contains(err.Error(), "unable to authenticate"):
		return &AuthError{Remote: s.at.String(), Reason: "the server takes none of the keys"}
	}
	return err
}

// config is how to log in; end lets the agent go.
func (s *shell) config(ctx context.Context) (*ssh.ClientConfig, func(), error) {
	files := present(s.options.SSH.KnownHosts)
	if len(files) == 0 {
		return nil, nil, &AuthError{Remote: s.at.String(), Reason: "there is no known_hosts file to know the server by"}
	}
	hosts, err := knownhosts.NewDB(files...)
	if err != nil {
		return nil, nil, fmt.Errorf("read known_hosts: %w", err)
	}
	config := &ssh.ClientConfig{
		User: s.at.user, HostKeyCallback: hosts.HostKeyCallback(), HostKeyAlgorithms: hosts.HostKeyAlgorithms(s.at.dial("22")),
	}
	if config.User == "" {
		config.User = "git"
	}
	end := func() {}
	if len(s.options.SSH.Key) > 0 {
		key, err := privateKey(s.options.SSH.Key, s.options.SSH.Passphrase)
		if err != nil {
			return nil, nil, err
		}
		config.Auth = append(config.Auth, ssh.PublicKeys(key))
	}
	if s.options.SSH.Agent != nil {
		connection, err := s.options.SSH.Agent(ctx)
		if err != nil {
			return nil, nil, fmt.Errorf("reach the ssh agent: %w", err)
		}
		config.Auth = append(config.Auth, ssh.PublicKeysCallback(agent.NewClient(connection).Signers))
		end = func() { connection.Close() }
	}
	return config, end, nil
}

func present(files []string) []string {
	var found []string
	for _, file := range files {
		if _, err := os.Stat(file); err == nil {
			found = append(found, file)
		}
	}
	return found
}

func privateKey(pem, passphrase []byte) (ssh.Signer, error) {
	var key ssh.Signer
	var err error
	if len(passphrase) > 0 {
		key, err = ssh.ParsePrivateKeyWithPassphrase(pem, passphrase)
	} else {
		key, err = ssh.ParsePrivateKey(pem)
	}
	if err != nil {
		return nil, fmt.Errorf("read the ssh key: %w", err)
	}
	return key, nil
}
