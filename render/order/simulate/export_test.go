package simulate

// Texts are the labels or annotations of an object, for tests.
func (o *Object) Texts(field string) map[string]string {
	if field == "labels" {
		return o.labels
	}
	return o.annotations
}
