package values

import (
	"encoding/json"
	"fmt"
	"maps"
)

// Merge puts values of a chart over others: mappings key by key, everything else as a whole. A null over a value takes it away from the
// chart's own values too, so it stays. Neither argument is changed.
func Merge(base, over map[string]any) map[string]any {
	merged := make(map[string]any, len(base)+len(over))
	maps.Copy(merged, base)
	for key, value := range over {
		below, wasMap := merged[key].(map[string]any)
		above, isMap := value.(map[string]any)
		if wasMap && isMap {
			merged[key] = Merge(below, above)
			continue
		}
		merged[key] = value
	}
	return merged
}

// Plain is values as a chart's templates see those of a values file: what JSON has, every number a fraction.
func Plain(values map[string]any) (map[string]any, error) {
	data, err := json.Marshal(values)
	if err != nil {
		return nil, fmt.Errorf("values of a chart: %w", err)
	}
	plain := map[string]any{}
	if err := json.Unmarshal(data, &plain); err != nil {
		return nil, fmt.Errorf("values of a chart: %w", err)
	}
	return plain, nil
}
