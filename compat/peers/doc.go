// Package peers runs the fixtures of kubeconform and of kubectl-validate through the checker, and holds its facts and its reports to
// schemas that they publish. The fixtures are read from the modules, which the module proxy has; nothing of them is copied, and
// neither is linked. Its tests are behind a tag: `make peers`.
package peers
