package review

import (
	"encoding/json"
	"io"
)

// JSON writes the report as one indented JSON object.
func JSON(w io.Writer, report *Report) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(report)
}
