package review

import (
	"strconv"
	"strings"
)

// number reads a number or a quantity of Kubernetes such as "10Gi", "500m", "3"; it is false for other texts.
func number(text string) (float64, bool) {
	units := [...]struct {
		suffix string
		factor float64
	}{
		{"Ki", 1 << 10}, {"Mi", 1 << 20}, {"Gi", 1 << 30}, {"Ti", 1 << 40}, {"Pi", 1 << 50}, {"Ei", 1 << 60},
		{"m", 1e-3}, {"k", 1e3}, {"M", 1e6}, {"G", 1e9}, {"T", 1e12}, {"P", 1e15},
	}
	factor := 1.0
	for _, unit := range units {
		if rest, ok := strings.CutSuffix(text, unit.suffix); ok {
			text, factor = rest, unit.factor
			break
		}
	}
	value, err := strconv.ParseFloat(text, 64)
	return value * factor, err == nil
}
