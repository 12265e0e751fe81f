package gitops

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// disk is every call that changes files outside of Git's objects. Tests count the calls and let them fail.
type disk interface {
	// Mkdir makes one folder.
	Mkdir(name string) error
	// Create writes a new file, and gives it to the device before it returns.
	Create(name string, data []byte) error
	// Fill replaces the content of a file that is there, and gives it to the device.
	Fill(name string, data []byte) error
	// Append adds to a file, and makes it when it is allowed to.
	Append(name string, data []byte, make bool) error
	// Link gives a file a second name. Where the file system cannot, it copies.
	Link(name, second string) error
	// Rename moves a file over another or to where nothing is.
	Rename(from, to string) error
	// Remove removes a file or an empty folder.
	Remove(name string) error
	// RemoveAll removes a folder with all that is in it.
	RemoveAll(name string) error
	// Sync gives a folder's list of files to the device.
	Sync(folder string) error
}

// realDisk is the disk. With lax, the system decides when data reaches the device.
type realDisk struct{ lax bool }

// sync gives a file to the device.
func (d realDisk) sync(file *os.File) error {
	if d.lax {
		return nil
	}
	return file.Sync()
}

func (realDisk) Mkdir(name string) error      { return os.Mkdir(name, 0o777) }
func (realDisk) Rename(from, to string) error { return os.Rename(from, to) }
func (realDisk) Remove(name string) error     { return os.Remove(name) }
func (realDisk) RemoveAll(name string) error  { return os.RemoveAll(name) }

func (d realDisk) Create(name string, data []byte) error {
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	_, err = file.Write(data)
	if err == nil {
		err = d.sync(file)
	}
	return errors.Join(err, file.Close())
}

func (d realDisk) Fill(name string, data []byte) error {
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_TRUNC, 0)
	if err != nil {
		return err
	}
	_, err = file.Write(data)
	if err == nil {
		err = d.sync(file)
	}
	return errors.Join(err, file.Close())
}

func (realDisk) Append(name string, data []byte, make bool) error {
	flags := os.O_WRONLY | os.O_APPEND
	if make {
		flags |= os.O_CREATE
	}
	file, err := os.OpenFile(name, flags, 0o666)
	if err != nil {
		return err
	}
	_, err = file.Write(data)
	return errors.Join(err, file.Close())
}

func (d realDisk) Link(name, second string) error {
	err := os.Link(name, second)
	if err == nil || errors.Is(err, os.ErrExist) || errors.Is(err, os.ErrNotExist) {
		return err
	}
	data, readErr := os.ReadFile(name)
	if readErr != nil {
		return errors.Join(err, readErr)
	}
	return d.Create(second, data)
}

func (d realDisk) Sync(folder string) error {
	file, err := os.Open(folder)
	if err != nil {
		return err
	}
	err = d.sync(file)
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, errors.ErrUnsupported) {
		err = nil // a file system that keeps no lists
	}
	return errors.Join(err, file.Close())
}

// sameDevice reports whether files can be moved between two folders.
func sameDevice(a, b string) (bool, error) {
	infoA, err := os.Stat(a)
	if err != nil {
		return false, fmt.Errorf("look at %s: %w", a, err)
	}
	infoB, err := os.Stat(b)
	if err != nil {
		return false, fmt.Errorf("look at %s: %w", b, err)
	}
	return device(infoA) == device(infoB), nil
}
