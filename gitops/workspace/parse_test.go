package workspace

import "testing"

func TestQuick(t *testing.T) {
	w, err := Parse("gkops.yaml", []byte(`apiVersion: gkops.dev/v1alpha1
kind: Workspace
engine: flux
registries:
- name: a
  url: ./x
clusters:
  - name: staging
    kubernetes: "1.34"
    follows: prod
  - name: prod
    kubernetes: "1.33"
    follows: staging
    packages:
      - name: kps
        version: "<70"
packages:
  - name: kps
    patches:
    - target: {kind: Deployment}
      patch: |
        - op: add
    images: [{name: a, newTag: "1"}]
  - name: pg
    as: x
    values: {a: 1, b: [1], c: ~}
`))
	t.Log(w, err)
}
