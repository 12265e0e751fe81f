package signature

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
	"golang.org/x/crypto/ssh"

	"gkops.dev/gkops/gitops"
)

func when() time.Time { return time.Unix(1_800_000_000, 0).UTC() }

// committed is a repository with one commit that was signed with the key.
func committed(t *testing.T, key, passphrase []byte) (dir, commit string) {
	t.Helper()
	sign, err := New(key, passphrase, when)
	if err != nil {
		t.Fatal(err)
	}
	store, err := gitops.OpenStore(filepath.Join(t.TempDir(), "repository"))
	if err != nil {
		t.Fatal(err)
	}
	who := gitops.Person{Name: "Bot", Email: "bot@example.org", When: when()}
	commit, err = store.Commit(t.Context(), gitops.NewCommit{
		Message: "Begin\n\nSigned.", Author: who, Committer: who, Sign: sign, Files: []gitops.FileChange{{Path: "a", Data: []byte("a\n")}},
	})
	if err != nil {
		t.Fatal(err)
	}
	facts, err := store.CommitOf(commit)
	if err != nil || !strings.HasPrefix(facts.Signature, "-----BEGIN ") || facts.Message != "Begin\n\nSigned.\n" {
		t.Fatalf("the commit is %+v, %v", facts, err)
	}
	return store.Dir(), commit
}

// git runs the real program with settings, and gives what it says.
func git(t *testing.T, dir string, settings []string, args ...string) (string, error) {
	t.Helper()
	for _, setting := range settings {
		args = append([]string{"-c", setting}, args...)
	}
	cmd := exec.Command("git", args...)
	cmd.Dir = dir
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=/nonexistent", "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1", "LC_ALL=C"}
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func sshKeys(t *testing.T, passphrase string) map[string][2][]byte {
	t.Helper()
	_, ed, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	r, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	keys := map[string][2][]byte{}
	for name, key := range map[string]crypto.Signer{"ed25519": ed, "rsa": r} {
		block, err := ssh.MarshalPrivateKey(key, "")
		if passphrase != "" {
			block, err = ssh.MarshalPrivateKeyWithPassphrase(key, "", []byte(passphrase))
		}
		if err != nil {
			t.Fatal(err)
		}
		public, err := ssh.NewPublicKey(key.Public())
		if err != nil {
			t.Fatal(err)
		}
		keys[name] = [2][]byte{pem.EncodeToMemory(block), ssh.MarshalAuthorizedKey(public)}
	}
	return keys
}

// Git itself, with ssh-keygen, finds the signatures good.
func TestSSH(t *testing.T) {
	for _, passphrase := range []string{"", "open sesame"} {
		for name, key := range sshKeys(t, passphrase) {
			t.Run(name+" "+passphrase, func(t *testing.T) {
				dir, commit := committed(t, key[0], []byte(passphrase))
				allowed := filepath.Join(t.TempDir(), "allowed")
				if err := os.WriteFile(allowed, append([]byte("bot@example.org "), key[1]...), 0o600); err != nil {
					t.Fatal(err)
				}
				settings := []string{"gpg.format=ssh", "gpg.ssh.allowedSignersFile=" + allowed}
				if out, err := git(t, dir, settings, "verify-commit", commit); err != nil || !strings.Contains(out, `Good "git" signature for bot@example.org`) {
					t.Errorf("git says %v\n%s", err, out)
				}
				if err := os.WriteFile(allowed, []byte("bot@example.org ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZ\n"), 0o600); err != nil {
					t.Fatal(err)
				}
				if _, err := git(t, dir, settings, "verify-commit", commit); err == nil {
					t.Error("git finds it good for another key too")
				}
			})
		}
	}
}

func pgpKey(t *testing.T, passphrase string) (private []byte, entity *openpgp.Entity) {
	t.Helper()
	config := &packet.Config{Time: func() time.Time { return when().Add(-time.Hour) }, Algorithm: packet.PubKeyAlgoEdDSA}
	entity, err := openpgp.NewEntity("Bot", "", "bot@example.org", config)
	if err != nil {
		t.Fatal(err)
	}
	if passphrase != "" {
		if err := entity.EncryptPrivateKeys([]byte(passphrase), config); err != nil {
			t.Fatal(err)
		}
	}
	var out bytes.Buffer
	w, err := armor.Encode(&out, openpgp.PrivateKeyType, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := entity.SerializePrivateWithoutSigning(w, config); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes(), entity
}

// The signature is good for the text that Git stores, without the signature itself.
func TestOpenPGP(t *testing.T) {
	for _, passphrase := range []string{"", "open sesame"} {
		private, entity := pgpKey(t, passphrase)
		dir, commit := committed(t, private, []byte(passphrase))
		raw, err := git(t, dir, nil, "cat-file", "commit", commit)
		if err != nil {
			t.Fatal(err)
		}
		head, rest, found := strings.Cut(raw, "gpgsig ")
		armored, message, both := strings.Cut(rest, "\n\n")
		if !found || !both {
			t.Fatalf("the commit is\n%s", raw)
		}
		signed, signature := head+"\n"+message, strings.ReplaceAll(armored, "\n ", "\n")
		config := &packet.Config{Time: when}
		if _, err := openpgp.CheckArmoredDetachedSignature(openpgp.EntityList{entity}, strings.NewReader(signed), strings.NewReader(signature), config); err != nil {
			t.Errorf("the signature is not good: %v\n%s", err, signature)
		}
		if _, err := openpgp.CheckArmoredDetachedSignature(openpgp.EntityList{entity}, strings.NewReader(signed+"x"), strings.NewReader(signature), config); err == nil {
			t.Error("it is good for another text too")
		}
	}
}

func TestKeysThatCannotSign(t *testing.T) {
	locked, _ := pgpKey(t, "open sesame")
	ssh := sshKeys(t, "open sesame")["ed25519"][0]
	cases := []struct {
		name            string
		key, passphrase string
		want            string
	}{
		{"no key", "hello", "", "neither"},
		{"locked OpenPGP", string(locked), "", "no passphrase"},
		{"wrong passphrase", string(locked), "wrong", "does not open"},
		{"locked SSH", string(ssh), "", "no passphrase"},
		{"broken SSH", "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n", "", "read the SSH signing key"},
		{"a certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "", "neither"},
	}
	for _, c := range cases {
		if _, err := New([]byte(c.key), []byte(c.passphrase), when); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}
