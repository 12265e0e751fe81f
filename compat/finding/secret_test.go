package finding

import (
	"strings"
	"testing"
)

func TestSecretive(t *testing.T) {
	for _, name := range []string{"password", "adminPassword", "DB_PASSWORD", "DB_PASSWORD_2", "password1", "client-secret", "apiKey", "API_KEY", "AWS_SECRET_ACCESS_KEY", "token",
		"authToken", "OAuthClientSecret", "smtp.pass", "passwordHash", ".dockerconfigjson", "HTTPToken", "x/api-token", "Authorization"} {
		if !Secretive(name) {
			t.Errorf("%s is taken for harmless", name)
		}
	}
	for _, name := range []string{"", "key", "secretName", "passwordFile", "tokenTTL", "secretKeyRef", "accessKeyID", "publicKey", "proxy_pass", "auth-secret", "monkey", "tokens", "compass",
		"secret", "tls.key", "passwordSecretRef", "automountServiceAccountTokens"} {
		if Secretive(name) {
			t.Errorf("%s is taken for a secret", name)
		}
	}
}

func TestVeil(t *testing.T) {
	for text, want := range map[string]string{
		"--password=abc":                              "--password=(3 bytes, not shown)",
		"--token=abc --user=x":                        "--token=(3 bytes, not shown) --user=x",
		"run --db-password 'abc' x=y":                 "run --db-password 'abc' x=y", // the list of the arguments tells it
		"PASSWORD=abc":                                "PASSWORD=(3 bytes, not shown)",
		"export PASSWORD=abc; run":                    "export PASSWORD=(3 bytes, not shown); run",
		"password = correct horse\nuser = x\n":        "password = (13 bytes, not shown)\nuser = x\n",
		"a: b\npassword: correct horse\nc: d\n":       "a: b\npassword: (13 bytes, not shown)\nc: d\n",
		"a:\n  password: |\n    one\n    two\n  b: c": "a:\n  password: |\n(15 bytes, not shown)\n  b: c",
		"password:\n  deep: x\nb: c":                  "password:\n(9 bytes, not shown)\nb: c",
		`{"user":"x","password":"a b","c":1}`:         `{"user":"x","password":"(3 bytes, not shown)","c":1}`,
		`{\"token\":\"abc\",\"b\":1}`:                 `{\"token\":\"(3 bytes, not shown)\",\"b\":1}`,
		"postgres://u:abc@host/db":                    "postgres://u:(3 bytes, not shown)@host/db",
		"https://x?api_key=abc&y=1":                   "https://x?api_key=(3 bytes, not shown)&y=1",
		"password: 'open":                             "password: '(4 bytes, not shown)",
		"ghp_0123456789012345678901":                  "(26 bytes, not shown)",
		"token: ghp_0123456789012345678901":           "token: (26 bytes, not shown)",
		"Authorization: Bearer abc":                   "Authorization: (10 bytes, not shown)",
		"repo/token:v1":                               "repo/token:v1",
		"--token=$(TOKEN)":                            "--token=$(TOKEN)",
		"--password=/etc/db/password":                 "--password=/etc/db/password",
		"password: ${DB_PASSWORD}":                    "password: ${DB_PASSWORD}",
		"password:":                                   "password:",
		"usePassword: true":                           "usePassword: true",
		"key: value":                                  "key: value",
		"tokenTTL=3600":                               "tokenTTL=3600",
	} {
		if got := Veil(text); got != want {
			t.Errorf("%q is shown as %q, want %q", text, got, want)
		}
	}
}

func FuzzVeil(f *testing.F) {
	for _, seed := range []string{"password: |\n x", "token=", `{"password":"`, "a://b:c@d", "password:\r\n x\r\n", "=:token:=\\'", "to\u212aen=a", "PA\u017f\u017f: a", "passwd=a\nAPI_KEY:b",
		"gho_0123456789012345678901", "github_pat_0123456789012345678901", "glpat-0123456789012345", "xoxb-0123456789", "eyJabcdefgh.eyJabcdefgh.abc"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, line := range strings.Split(text, "\n") {
			if assignment.MatchString(line) && !mayAssign(line) {
				t.Fatalf("%q is passed over", line)
			}
		}
		if knownToken.MatchString(text) && !mayHaveToken(text) {
			t.Fatalf("a token in %q is passed over", text)
		}
		last := 0
		for _, s := range Secrets(text) {
			if s.Start < 0 || s.End > len(text) || s.Start > s.End || s.Start < last && s.End < last {
				t.Fatalf("%q: span %v after %d", text, s, last)
			}
			last = s.End
		}
		Veil(text)
	})
}
