package polite

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"gkops.dev/gkops/gitops/forge"
)

// refusal is the error of an answer of 400 or more.
func (t *Transport) refusal(request *http.Request, answer *http.Response, body []byte) error {
	message := messageOf(answer, body)
	if limits(answer, message) {
		until := t.resumes(answer.Header)
		t.limit(until)
		return &forge.LimitError{Forge: t.o.Name, Until: until}
	}
	return &StatusError{Method: request.Method, Status: answer.StatusCode, Message: message}
}

// limits tells a limit from another refusal. GitHub answers 403 to both: a limit has a Retry-After, nothing remaining, or says so
// (docs.github.com, "Rate limits for the REST API").
func limits(answer *http.Response, message string) bool {
	switch answer.StatusCode {
	case http.StatusTooManyRequests:
		return true
	case http.StatusForbidden:
		lower := strings.ToLower(message)
		return answer.Header.Get("Retry-After") != "" || answer.Header.Get("X-RateLimit-Remaining") == "0" ||
			strings.Contains(lower, "rate limit") || strings.Contains(lower, "abuse detection")
	case http.StatusServiceUnavailable:
		return answer.Header.Get("Retry-After") != ""
	}
	return false
}

// resumes is when a forge may be asked again, as its headers say it; zero when they say nothing that can be read.
func (t *Transport) resumes(header http.Header) time.Time {
	now := t.o.Now()
	if after := strings.TrimSpace(header.Get("Retry-After")); after != "" {
		if seconds, err := strconv.ParseInt(after, 10, 64); err == nil && seconds >= 0 {
			return now.Add(time.Duration(min(seconds, maxSeconds)) * time.Second)
		}
		if date, err := http.ParseTime(after); err == nil {
			return date
		}
	}
	for _, name := range []string{"X-RateLimit-Reset", "RateLimit-Reset"} {
		if at, err := strconv.ParseInt(header.Get(name), 10, 64); err == nil && at > now.Unix() && at < now.Unix()+maxSeconds {
			return time.Unix(at, 0)
		}
	}
	return time.Time{}
}

// maxSeconds is a year: what is further away is as good as never.
const maxSeconds = 365 * 24 * 3600

// messageOf is what a forge said, from the fields that they use for it.
func messageOf(answer *http.Response, body []byte) string {
	var said struct {
		Message          any
		Error            any
		ErrorDescription string `json:"error_description"`
		Errors           any
	}
	if err := json.Unmarshal(body, &said); err != nil {
		if strings.HasPrefix(answer.Header.Get("Content-Type"), "text/plain") {
			return oneLine(string(body))
		}
		return ""
	}
	var parts []string
	for _, part := range []any{said.Message, said.Error, said.ErrorDescription, said.Errors} {
		switch part := part.(type) {
		case nil:
		case string:
			parts = append(parts, part)
		case map[string]any:
			if text, ok := part["message"].(string); ok {
				parts = append(parts, text)
				break
			}
			parts = append(parts, asJSON(part))
		default:
			parts = append(parts, asJSON(part))
		}
	}
	return oneLine(strings.Join(parts, " "))
}

func asJSON(value any) string {
	data, err := json.Marshal(value)
	if err != nil {
		return ""
	}
	return string(data)
}

// oneLine is a text without line ends and what plays with a terminal, and not too long.
func oneLine(text string) string {
	plain := strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "\ufffd"))
	words := []rune(strings.Join(strings.Fields(plain), " "))
	if len(words) > 300 {
		return string(words[:300]) + "..."
	}
	return string(words)
}

// Explain makes the errors of package forge of what came back from an SDK that asks through a Transport. What is what was asked:
// "open a pull of team/fleet". It returns *forge.NotFoundError, *forge.AuthError, *forge.ConflictError and *forge.LimitError, and
// wraps all others.
func Explain(name, what string, err error) error {
	if err == nil {
		return nil
	}
	var limited *forge.LimitError
	if errors.As(err, &limited) {
		return limited
	}
	for _, known := range []any{new(*forge.NotFoundError), new(*forge.AuthError), new(*forge.ConflictError)} {
		if errors.As(err, known) {
			return err
		}
	}
	var status *StatusError
	if !errors.As(err, &status) {
		return fmt.Errorf("%s: %s: %w", name, what, err)
	}
	switch status.Status {
	case http.StatusUnauthorized, http.StatusForbidden:
		return &forge.AuthError{Forge: name, What: what, Status: status.Status, Reason: status.Message}
	case http.StatusNotFound, http.StatusGone:
		return &forge.NotFoundError{Forge: name, What: what}
	case http.StatusMethodNotAllowed, http.StatusNotAcceptable, http.StatusConflict, http.StatusPreconditionFailed, http.StatusUnprocessableEntity:
		return &forge.ConflictError{Forge: name, What: what, Reason: status.Message}
	}
	return fmt.Errorf("%s: %s: %w", name, what, status)
}

// Status is the status of the answer that an error stands for; zero when there was none.
func Status(err error) int {
	var status *StatusError
	if errors.As(err, &status) {
		return status.Status
	}
	return 0
}
