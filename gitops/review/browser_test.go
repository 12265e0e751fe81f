//go:build browser

package review

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// browser is a Chromium that runs without a window and is driven over two pipes, by the Chrome DevTools Protocol
// (https://chromedevtools.github.io/devtools-protocol/).
type browser struct {
	t       *testing.T
	to      *os.File
	from    *bufio.Reader
	last    int
	session string
	events  []message
}

// message is a question, an answer or an event.
type message struct {
	ID        int             `json:"id,omitempty"`
	SessionID string          `json:"sessionId,omitempty"`
	Method    string          `json:"method,omitempty"`
	Params    any             `json:"params,omitempty"`
	Result    json.RawMessage `json:"result,omitempty"`
	Error     json.RawMessage `json:"error,omitempty"`
}

// startBrowser fails the test when there is no Chromium: a page that nobody opened is not tested.
func startBrowser(t *testing.T) *browser {
	t.Helper()
	var program string
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			program = found
			break
		}
	}
	if program == "" {
		t.Fatal("no chromium on the PATH: install it (Debian: apt-get install chromium), then run 'make browser' again")
	}
	theirs, to, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	from, answers, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
		"--user-data-dir="+t.TempDir(), "--remote-debugging-pipe", "about:blank")
	cmd.ExtraFiles = []*os.File{theirs, answers}
	if err := cmd.Start(); err != nil {
		t.Fatalf("start %s: %v", program, err)
	}
	theirs.Close()
	answers.Close()
	b := &browser{t: t, to: to, from: bufio.NewReader(from)}
	t.Cleanup(func() {
		b.session = ""
		b.call("Browser.close", nil)
		if err := cmd.Wait(); err != nil {
			t.Errorf("%s ended with %v", program, err)
		}
		to.Close()
		from.Close()
	})
	var target struct{ TargetID, SessionID string }
	b.into(&target, "Target.createTarget", map[string]any{"url": "about:blank"})
	b.into(&target, "Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true})
	b.session = target.SessionID
	for _, domain := range []string{"Page", "Runtime", "Log", "Network"} {
		b.call(domain+".enable", nil)
	}
	return b
}

// call asks and waits for the answer; events on the way are kept.
func (b *browser) call(method string, params any) json.RawMessage {
	b.t.Helper()
	b.last++
	question, err := json.Marshal(message{ID: b.last, SessionID: b.session, Method: method, Params: params})
	if err != nil {
		b.t.Fatal(err)
	}
	if _, err := b.to.Write(append(question, 0)); err != nil {
		b.t.Fatalf("ask the browser for %s: %v", method, err)
	}
	for {
		m := b.read()
		if m.ID == b.last {
			if m.Error != nil {
				b.t.Fatalf("%s: %s", method, m.Error)
			}
			return m.Result
		}
	}
}

// read takes one message, and keeps it when it is an event.
func (b *browser) read() message {
	b.t.Helper()
	data, err := b.from.ReadBytes(0)
	if err != nil {
		b.t.Fatalf("the browser ended: %v", err)
	}
	var m message
	if err := json.Unmarshal(data[:len(data)-1], &m); err != nil {
		b.t.Fatal(err)
	}
	if m.Method != "" {
		b.events = append(b.events, m)
	}
	return m
}

func (b *browser) into(value any, method string, params any) {
	b.t.Helper()
	if err := json.Unmarshal(b.call(method, params), value); err != nil {
		b.t.Fatal(err)
	}
}

// open shows a page in a window of some size, in light or dark, and waits until it is loaded.
func (b *browser) open(file string, width, height int, scheme string) {
	b.t.Helper()
	b.call("Emulation.setDeviceMetricsOverride", map[string]any{"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false})
	b.call("Emulation.setEmulatedMedia", map[string]any{"features": []map[string]string{{"name": "prefers-color-scheme", "value": scheme}}})
	b.events = nil
	address, hash, _ := strings.Cut(file, "#")
	if hash != "" {
		hash = "#" + hash
	}
	b.call("Page.navigate", map[string]any{"url": "file://" + address + hash})
	for deadline := time.Now().Add(time.Minute); ; {
		for _, e := range b.events {
			if e.Method == "Page.loadEventFired" {
				return
			}
		}
		if time.Now().After(deadline) {
			b.t.Fatal("the page does not load")
		}
		b.read()
	}
}

// run is the value of an expression on the page, with time for the page to do what follows from it.
func (b *browser) run(expression string) any {
	b.t.Helper()
	return b.now("(async () => { const value = await (" + expression + "); await new Promise(done => setTimeout(done, 250)); return value })()")
}

// now is the value of an expression on the page, or of what it promises.
func (b *browser) now(expression string) any {
	b.t.Helper()
	var answer struct {
		Result           struct{ Value any }
		ExceptionDetails json.RawMessage
	}
	b.into(&answer, "Runtime.evaluate", map[string]any{"expression": expression, "awaitPromise": true, "returnByValue": true})
	if answer.ExceptionDetails != nil {
		b.t.Fatalf("%s: %s", expression, answer.ExceptionDetails)
	}
	return answer.Result.Value
}

// want holds that an expression has a value.
func (b *browser) want(what, expression string, value any) {
	b.t.Helper()
	if n, ok := value.(int); ok {
		value = float64(n)
	}
	if got := b.run(expression); got != value {
		b.t.Errorf("%s: %s is %v, want %v", what, expression, got, value)
	}
}

// press types keys: names of keys such as Enter, or letters.
func (b *browser) press(keys ...string) {
	b.t.Helper()
	for _, key := range keys {
		params := map[string]any{"type": "keyDown", "key": key}
		if len(key) == 1 {
			params["text"] = key
		}
		if key == "Enter" {
			params["text"], params["code"], params["windowsVirtualKeyCode"] = "\r", "Enter", 13
		}
		b.call("Input.dispatchKeyEvent", params)
		b.call("Input.dispatchKeyEvent", map[string]any{"type": "keyUp", "key": key})
	}
	b.run("0")
}

// silent holds that a page has loaded nothing but itself and complained of nothing.
func (b *browser) silent(what string) {
	b.t.Helper()
	loaded := 0
	for _, e := range b.events {
		text := fmt.Sprint(e.Params)
		switch e.Method {
		case "Network.requestWillBeSent":
			if loaded++; loaded > 1 || !strings.Contains(text, "file:///") {
				b.t.Errorf("%s: the page asks for something: %s", what, text)
			}
		case "Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded":
			b.t.Errorf("%s: %s: %s", what, e.Method, text)
		}
	}
	if loaded == 0 {
		b.t.Errorf("%s: no request was seen, not even that for the page", what)
	}
}

// pageFile is the page of a report as a file.
func pageFile(t *testing.T, report *Report) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "review.html")
	if err := os.WriteFile(file, pageOf(t, report), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}
