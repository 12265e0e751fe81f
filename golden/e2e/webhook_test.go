//go:build e2e

package e2e

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// webhook is the webhook of the keys operator: it serves at the address of the Service while the operator's Deployment is
// available, as its pod would.
type webhook struct {
	authority   string // of its certificate, PEM in base64
	certificate tls.Certificate
	template    *x509.Certificate
	reviews     atomic.Int64
}

func newWebhook(t *testing.T) *webhook {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "keys-webhook"}, DNSNames: []string{"keys-webhook.keys.svc"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	return &webhook{
		authority: base64.StdEncoding.EncodeToString(text), template: template,
		certificate: tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key},
	}
}

// signed is a certificate for another name, of the same authority.
func (w *webhook) signed(name string) (*tls.Certificate, error) {
	template := *w.template
	template.SerialNumber, template.DNSNames, template.IsCA = big.NewInt(2), []string{name}, false
	template.Subject = pkix.Name{CommonName: "a webhook"}
	key, ok := w.certificate.PrivateKey.(*ecdsa.PrivateKey)
	if !ok {
		return nil, errors.New("the key of the authority is of another type")
	}
	der, err := x509.CreateCertificate(rand.Reader, &template, w.template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, nil
}

// serve takes the address of the Service and opens its port once the Deployment is available.
func (w *webhook) serve(t *testing.T, c *cluster) {
	t.Helper()
	output(t, c.dir, nil, "ip", "address", "add", hook+"/32", "dev", "lo")
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	server := &http.Server{Handler: http.HandlerFunc(w.review), TLSConfig: &tls.Config{Certificates: []tls.Certificate{w.certificate}}}
	go func() {
		defer close(done)
		if !w.available(ctx, c) {
			return
		}
		listener, err := net.Listen("tcp", hook+":443")
		if err != nil {
			t.Errorf("webhook: %v", err)
			return
		}
		go func() { <-ctx.Done(); _ = server.Close() }()
		_ = server.ServeTLS(listener, "", "")
	}()
	t.Cleanup(func() {
		cancel()
		<-done
		output(t, c.dir, nil, "ip", "address", "del", hook+"/32", "dev", "lo")
	})
}

// available waits for the operator; it is false when the test ends first.
func (w *webhook) available(ctx context.Context, c *cluster) bool {
	for ctx.Err() == nil {
		operator, err := c.object(ctx, "apps/v1", "Deployment", "keys", "keys")
		if err == nil && operator != nil {
			if status, _ := condition(operator, "Available"); status == "True" {
				return true
			}
		}
		select {
		case <-ctx.Done():
		case <-time.After(100 * time.Millisecond):
		}
	}
	return false
}

// review admits every object, in the version of the question, and counts.
func (w *webhook) review(out http.ResponseWriter, in *http.Request) {
	var review unstructured.Unstructured
	if err := json.NewDecoder(in.Body).Decode(&review.Object); err != nil {
		http.Error(out, err.Error(), http.StatusBadRequest)
		return
	}
	w.reviews.Add(1)
	uid, _, _ := unstructured.NestedString(review.Object, "request", "uid")
	_ = json.NewEncoder(out).Encode(map[string]any{
		"apiVersion": review.GetAPIVersion(), "kind": "AdmissionReview", "response": map[string]any{"uid": uid, "allowed": true},
	})
}
