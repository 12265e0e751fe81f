// Package signature signs commits as Git does, with OpenPGP or SSH keys that are given as bytes.
//
// It knows the two formats of signatures. It refuses to know where keys come from, and runs neither gpg nor ssh-keygen.
package signature

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/sha512"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
	"golang.org/x/crypto/ssh"
)

// Signer makes an armored signature of a text; it is what gitops.NewCommit takes.
type Signer func(text []byte) (string, error)

// New reads a private key: armored OpenPGP, or PEM as ssh-keygen writes it. The passphrase is for a key that is locked. OpenPGP
// signatures say when they were made; when is asked for it, so that tests and dry runs give the same bytes where the key does.
func New(key, passphrase []byte, when func() time.Time) (Signer, error) {
	switch text := string(key); {
	case strings.Contains(text, "BEGIN PGP PRIVATE KEY BLOCK"):
		return pgp(key, passphrase, when)
	case strings.Contains(text, "PRIVATE KEY"):
		return secureShell(key, passphrase)
	}
	return nil, errors.New("the signing key is neither an armored OpenPGP key nor an SSH key in PEM")
}

func pgp(key, passphrase []byte, when func() time.Time) (Signer, error) {
	ring, err := openpgp.ReadArmoredKeyRing(bytes.NewReader(key))
	if err != nil {
		return nil, fmt.Errorf("read the OpenPGP signing key: %w", err)
	}
	if len(ring) != 1 || ring[0].PrivateKey == nil {
		return nil, fmt.Errorf("the OpenPGP signing key must be one private key, there are %d keys", len(ring))
	}
	entity := ring[0]
	if err := unlock(entity, passphrase); err != nil {
		return nil, err
	}
	config := &packet.Config{Time: when, DefaultHash: crypto.SHA512}
	if _, ok := entity.SigningKey(when()); !ok {
		return nil, errors.New("the OpenPGP key cannot sign: it has ended, is revoked, or is for something else")
	}
	return func(text []byte) (string, error) {
		var out bytes.Buffer
		if err := openpgp.ArmoredDetachSign(&out, entity, bytes.NewReader(text), config); err != nil {
			return "", fmt.Errorf("sign with OpenPGP: %w", err)
		}
		return out.String() + "\n", nil
	}, nil
}

// unlock opens the private keys of an entity.
func unlock(entity *openpgp.Entity, passphrase []byte) error {
	locked := entity.PrivateKey.Encrypted
	for _, sub := range entity.Subkeys {
		locked = locked || sub.PrivateKey != nil && sub.PrivateKey.Encrypted
	}
	if !locked {
		return nil
	}
	if len(passphrase) == 0 {
		return errors.New("the OpenPGP signing key is locked, and no passphrase was given")
	}
	if err := entity.DecryptPrivateKeys(passphrase); err != nil {
		return errors.New("the passphrase does not open the OpenPGP signing key")
	}
	return nil
}

// The parts of an SSH signature (openssh PROTOCOL.sshsig).
const (
	magic     = "SSHSIG"
	namespace = "git"
	hashName  = "sha512"
)

func secureShell(key, passphrase []byte) (Signer, error) {
	var signer ssh.Signer
	var err error
	if len(passphrase) > 0 {
		signer, err = ssh.ParsePrivateKeyWithPassphrase(key, passphrase)
	} else {
		signer, err = ssh.ParsePrivateKey(key)
	}
	var locked *ssh.PassphraseMissingError
	if errors.As(err, &locked) {
		return nil, errors.New("the SSH signing key is locked, and no passphrase was given")
	}
	if err != nil {
		return nil, fmt.Errorf("read the SSH signing key: %w", err)
	}
	return func(text []byte) (string, error) {
		hash := sha512.Sum512(text)
		made, err := signed(signer, append([]byte(magic), ssh.Marshal(struct {
			Namespace, Reserved, Hash string
			Sum                       []byte
		}{namespace, "", hashName, hash[:]})...))
		if err != nil {
			return "", fmt.Errorf("sign with SSH: %w", err)
		}
		blob := append([]byte(magic), ssh.Marshal(struct {
			Version                   uint32
			Key                       []byte
			Namespace, Reserved, Hash string
			Signature                 []byte
		}{1, signer.PublicKey().Marshal(), namespace, "", hashName, ssh.Marshal(made)})...)
		return string(pem.EncodeToMemory(&pem.Block{Type: "SSH SIGNATURE", Bytes: blob})), nil
	}, nil
}

// signed signs; RSA keys must not use SHA-1, their default.
func signed(signer ssh.Signer, data []byte) (*ssh.Signature, error) {
	if signer.PublicKey().Type() == ssh.KeyAlgoRSA {
		if able, ok := signer.(ssh.AlgorithmSigner); ok {
			return able.SignWithAlgorithm(rand.Reader, data, ssh.KeyAlgoRSASHA512)
		}
	}
	return signer.Sign(rand.Reader, data)
}
