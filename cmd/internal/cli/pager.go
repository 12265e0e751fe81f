package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
)

// page shows a text in the reader's pager when a person is looking, else writes it. The pager is GKOPS_PAGER, else PAGER, else less; one
// that cannot be run is passed over, with a word when it was asked for.
func page(ctx context.Context, env Env, text []byte, wanted bool) error {
	pager, asked := env.Getenv("GKOPS_PAGER"), true
	if pager == "" {
		pager = env.Getenv("PAGER")
	}
	if strings.TrimSpace(pager) == "" {
		pager, asked = "less -FRX", false
	}
	shown := wanted && env.StdoutTerminal && pager != "cat"
	if shown && !asked {
		_, err := exec.LookPath("less")
		shown = err == nil
	}
	if shown {
		command := exec.CommandContext(ctx, "sh", "-c", pager)
		command.Stdin, command.Stdout, command.Stderr = bytes.NewReader(text), env.Stdout, env.Stderr
		err := command.Run()
		var left *exec.ExitError
		if err == nil || errors.As(err, &left) && !slices.Contains(unrunnable(), left.ExitCode()) {
			return nil
		}
		fmt.Fprintf(env.Stderr, "gkops: the pager %q cannot be run: %v\n", pager, err)
	}
	_, err := env.Stdout.Write(text)
	return err
}

// unrunnable is how a shell ends when a program is not there, or is none (POSIX, 2.8.2).
func unrunnable() []int { return []int{126, 127} }
