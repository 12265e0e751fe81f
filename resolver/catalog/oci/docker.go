package oci

import (
	"encoding/base64"
	"encoding/json"
	"strings"
)

// Credentials are those of a config.json of docker, by host and port. Only what stands in the file itself counts: credential helpers are
// programs, and none is run. A file that cannot be read has none.
func Credentials(config []byte) func(host string) Credential {
	var file struct {
		Auths map[string]struct {
			Auth string `json:"auth"`
		} `json:"auths"`
	}
	known := map[string]Credential{}
	if json.Unmarshal(config, &file) == nil {
		for name, entry := range file.Auths {
			data, err := base64.StdEncoding.DecodeString(entry.Auth)
			user, password, found := strings.Cut(string(data), ":")
			if err != nil || !found {
				continue
			}
			known[hostOf(name)] = Credential{Username: user, Password: password}
		}
	}
	return func(host string) Credential { return known[host] }
}

// hostOf is the host and port of an entry, which old ones write as an address.
func hostOf(name string) string {
	_, rest, isURL := strings.Cut(name, "://")
	if !isURL {
		rest = name
	}
	host, _, _ := strings.Cut(rest, "/")
	return host
}
