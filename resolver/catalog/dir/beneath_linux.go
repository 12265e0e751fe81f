package dir

import (
	"errors"

	"golang.org/x/sys/unix"

	"gkops.dev/gkops/resolver/catalog"
)

// errAnother says that a file has to be read in another way, which then says what is wrong with it.
var errAnother = errors.New("not to be read in one step")

// readBeneath reads a file of a folder that is there. The kernel keeps to the folder while it looks for the file, whatever
// symbolic links say, so that there is no need to open each folder on the way: a registry is thousands of small files. The error
// is catalog.ErrNotFound when there is certainly no such file; any other says nothing.
func readBeneath(root, name string) ([]byte, error) {
	folder, err := unix.Open(root, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	defer unix.Close(folder)
	file, err := unix.Openat2(folder, name, &unix.OpenHow{
		Flags:   unix.O_RDONLY | unix.O_CLOEXEC | unix.O_NONBLOCK,
		Resolve: unix.RESOLVE_BENEATH | unix.RESOLVE_NO_MAGICLINKS,
	})
	if errors.Is(err, unix.ENOENT) {
		return nil, catalog.ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	defer unix.Close(file)
	var info unix.Stat_t
	if err := unix.Fstat(file, &info); err != nil {
		return nil, err
	}
	if info.Mode&unix.S_IFMT != unix.S_IFREG || info.Size > catalog.MaxFileSize {
		return nil, errAnother
	}
	return readAll(file, make([]byte, info.Size+1))
}

// readAll reads a file to its end into what has a byte to spare.
func readAll(file int, into []byte) ([]byte, error) {
	for at := 0; at < len(into); {
		switch n, err := unix.Read(file, into[at:]); {
		case errors.Is(err, unix.EINTR):
		case err != nil:
			return nil, err
		case n == 0:
			return into[:at], nil
		default:
			at += n
		}
	}
	return nil, errAnother // it grows
}
