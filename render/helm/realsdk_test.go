//go:build real

package helm_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"gkops.dev/gkops/render/helm"
)

// TestRealLikeSDK is TestLikeHelm without the program: every chart of the folder GKOPS_CHARTS (*.tgz), with default values, is compared with what the
// steps of Helm's SDK give. A chart whose archive lacks subcharts is refused here, and by the program, and not by those steps.
func TestRealLikeSDK(t *testing.T) {
	charts, err := filepath.Glob(filepath.Join(os.Getenv("GKOPS_CHARTS"), "*.tgz"))
	if err != nil || len(charts) == 0 {
		t.Fatalf("set GKOPS_CHARTS to a folder of charts: %v", err)
	}
	var same, objects, madeUp, refused, incomplete int
	for _, chart := range charts {
		t.Run(filepath.Base(chart), func(t *testing.T) {
			data, err := os.ReadFile(chart)
			if err != nil {
				t.Fatal(err)
			}
			loaded, err := helm.Load(chart, data)
			if err != nil {
				t.Fatal(err)
			}
			if missing := loaded.Missing(); len(missing) > 0 {
				incomplete++
				t.Logf("its archive lacks %q", missing)
				return
			}
			want, fails := template(sample{archive: data, apis: served()})
			r := release(nil)
			r.APIs = served()
			out, err := loaded.Render(context.Background(), r)
			switch {
			case fails != nil && err != nil:
				refused++
				return
			case fails != nil || err != nil:
				t.Fatalf("helm: %v\nhere: %v", fails, err)
			}
			for _, difference := range compare(want, out.Documents, out.Unsteady) {
				t.Error(difference)
			}
			same, objects, madeUp = same+1, objects+len(out.Documents), madeUp+len(out.Unsteady)
		})
	}
	t.Logf("%d charts with %d objects are the same, but for %d made-up fields; both refuse %d; %d lack subcharts", same, objects, madeUp, refused, incomplete)
}
