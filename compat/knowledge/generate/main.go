// Command generate writes the table of what every Kubernetes minor serves, from Go modules and nothing else.
//
// It knows where Kubernetes publishes its served kinds and their fields, which promises k8s.io/api makes about the future, and
// what is switched off by default. It is a module of its own, so that gkops needs none of what it reads.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("generate", flag.ContinueOnError)
	out := flags.String("o", "table.txt", "the file to write")
	test := flags.String("served", "served.txt", "the file to write for the test of the checker: which minors serve a kind")
	check := flags.Bool("check", false, "write nothing; fail when the file differs")
	dir := flags.String("modules", "", "a folder with module@version folders to read before downloading")
	if err := flags.Parse(args); err != nil {
		return err
	}
	modules, err := newModules(*dir)
	if err != nil {
		return err
	}
	defer modules.close()
	made, served, err := build(ctx, modules)
	if err != nil {
		return err
	}
	return errors.Join(put(*out, made, *check), put(*test, served, *check))
}

// put writes a file, or compares it.
func put(name string, data []byte, check bool) error {
	if !check {
		return os.WriteFile(name, data, 0o644)
	}
	have, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	if !bytes.Equal(have, data) {
		return errors.New(name + " is not what the modules say: run make generate and read the diff")
	}
	return nil
}

// build reads every source and merges them into the table, and what the test of the checker goes by.
func build(ctx context.Context, modules *modules) (made, served []byte, err error) {
	h, t := newHistory(), truth{}
	for _, release := range releases {
		read := func(dir string) error { return errors.Join(h.addRelease(release, dir), t.addRelease(release, dir)) }
		if err := modules.read(ctx, release.module, release.version, read); err != nil {
			return nil, nil, err
		}
	}
	for _, m := range promises {
		read := func(dir string) error { return errors.Join(h.addPromises(m, dir), t.addRegistered(m, dir)) }
		if err := modules.read(ctx, m.module, m.version, read); err != nil {
			return nil, nil, err
		}
	}
	if err := h.addOverrides(overrides); err != nil {
		return nil, nil, err
	}
	if err := h.decide(); err != nil {
		return nil, nil, err
	}
	return h.write(), t.write(), nil
}
