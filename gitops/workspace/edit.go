package workspace

import "errors"

var errNotThere = errors.New("edit workspace: not there yet")

// New is the first gkops.yaml of a workspace: the fields of w with a header for people and for editors.
func New(w Workspace) ([]byte, error) { return nil, errNotThere }

// AddPackage adds an entry to the workspace's packages, or to one cluster's when cluster is not empty.
func AddPackage(data []byte, cluster string, p Package) ([]byte, error) { return nil, errNotThere }

// ReplacePackage brings the entry with the instance name of p to be p; lines that need no change stay as they are.
func ReplacePackage(data []byte, cluster string, p Package) ([]byte, error) { return nil, errNotThere }

// RemovePackage takes the entry of an instance out of a list.
func RemovePackage(data []byte, cluster, instance string) ([]byte, error) { return nil, errNotThere }

// SetValue sets one value of an instance; a reference of the same name goes.
func SetValue(data []byte, cluster, instance, name string, value any) ([]byte, error) {
	return nil, errNotThere
}

// SetFrom lets one value of an instance come from a Secret; a value of the same name goes.
func SetFrom(data []byte, cluster, instance, name string, from SecretReference) ([]byte, error) {
	return nil, errNotThere
}

// UnsetValue takes a value, or the reference for it, away.
func UnsetValue(data []byte, cluster, instance, name string) ([]byte, error) { return nil, errNotThere }

// SetVersion sets the range of an instance; an empty range goes away.
func SetVersion(data []byte, cluster, instance, versions string) ([]byte, error) {
	return nil, errNotThere
}

// AddHold adds a hold, or replaces the one of the same package.
func AddHold(data []byte, h Hold) ([]byte, error) { return nil, errNotThere }

// RemoveHold takes the hold of a package out.
func RemoveHold(data []byte, pkg string) ([]byte, error) { return nil, errNotThere }

// AddRegistry adds a registry at the end of the list.
func AddRegistry(data []byte, r Registry) ([]byte, error) { return nil, errNotThere }

// RemoveRegistry takes a registry out of the list.
func RemoveRegistry(data []byte, name string) ([]byte, error) { return nil, errNotThere }
