package cli

import (
	"context"
	"io"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/term"
)

// Env is the world as the commands see it: nothing below this package reads the process.
type Env struct {
	Args   []string // without the program's name
	Dir    string   // working directory
	Stdin  io.Reader
	Stdout io.Writer
	Stderr io.Writer
	Getenv func(string) string
	Now    func() time.Time
	HTTP   *http.Client

	// StdoutTerminal and StderrTerminal say whether a person is looking.
	StdoutTerminal, StderrTerminal bool
}

// Main runs gkops with the process's own world and returns its exit status.
func Main() int {
	dir, err := os.Getwd()
	if err != nil {
		dir = "."
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return Run(ctx, Env{
		Args:   os.Args[1:],
		Dir:    dir,
		Stdin:  os.Stdin,
		Stdout: os.Stdout,
		Stderr: os.Stderr,
		Getenv: os.Getenv,
		Now:    time.Now,
		HTTP:   &http.Client{Timeout: 5 * time.Minute},

		StdoutTerminal: term.IsTerminal(int(os.Stdout.Fd())),
		StderrTerminal: term.IsTerminal(int(os.Stderr.Fd())),
	})
}

// color reports whether output to a stream may be coloured: only for a person, and not when NO_COLOR asks for none.
func (e Env) color(terminal bool) bool {
	return terminal && e.Getenv("NO_COLOR") == "" && e.Getenv("TERM") != "dumb"
}
