//go:build peers

package peers

import (
	"encoding/json"
	"os/exec"
	"testing"
)

// The modules whose fixtures are run.
const (
	kubeconform     = "github.com/yannh/kubeconform@v0.8.0"
	kubectlValidate = "sigs.k8s.io/kubectl-validate@v0.0.4"
)

// folder is where a module lies, from the module cache or the module proxy.
func folder(t *testing.T, module string) string {
	t.Helper()
	out, err := exec.Command("go", "mod", "download", "-json", module).Output()
	var got struct{ Dir, Error string }
	if jsonErr := json.Unmarshal(out, &got); err != nil || jsonErr != nil || got.Dir == "" {
		t.Fatalf("download %s: %v %s", module, err, got.Error)
	}
	return got.Dir
}
