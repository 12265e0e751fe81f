package polite

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// API asks one server in JSON, for forges whose SDK is no help.
type API struct {
	Base string // without a slash at its end
	HTTP *http.Client
}

// Call makes one call. address is a path below Base, with its parts escaped, or a whole URL. out may be nil; numbers and texts of the
// answer that out does not have are left out.
func (a *API) Call(ctx context.Context, method, address string, query url.Values, in, out any) error {
	if !strings.HasPrefix(address, "http://") && !strings.HasPrefix(address, "https://") {
		address = a.Base + address
	}
	if len(query) > 0 {
		address += "?" + query.Encode()
	}
	var body []byte
	if in != nil {
		var err error
		if body, err = json.Marshal(in); err != nil {
			return fmt.Errorf("write the request: %w", err)
		}
	}
	request, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
	if err != nil {
		return err
	}
	if in != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	request.Header.Set("Accept", "application/json")
	request.Header.Set("User-Agent", "gkops")
	answer, err := a.HTTP.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode >= 300 {
		return &StatusError{Method: method, Status: answer.StatusCode}
	}
	if out == nil || answer.StatusCode == http.StatusNoContent {
		return nil
	}
	if err := json.NewDecoder(answer.Body).Decode(out); err != nil {
		return fmt.Errorf("read the answer: %w", err)
	}
	return nil
}
