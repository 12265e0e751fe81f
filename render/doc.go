// Package render turns instances of packages into the files that an engine reads: Tree gives every byte below gkops/<cluster>
// but the lock.
//
// It knows Kubernetes objects: their scope, which of them need which, how they are named, moved, patched and written, and what
// Flux and Argo CD want around them. It is the only user of kustomize, and runs it only for what needs it. It refuses to know
// where bytes come from, why a version was chosen, what Git holds and which Kubernetes version an object fits. It is pure: no
// file, no network, no clock; the same inputs give the same bytes.
//
// # Parts
//
// The objects of an instance are applied in up to three parts, each with a folder, and a Flux Kustomization, of its own:
//
//   - crds: CustomResourceDefinitions and Namespaces, which other objects need to exist at all.
//   - core: everything else that is not in config. Custom resources of another package's kinds are here, because a workload of
//     the same package may wait for what they make (a Certificate for its webhook).
//   - config: custom resources of kinds that the same instance defines, when it has workloads. Their controller and webhooks
//     must be up before them, and must outlive them on removal, so that finalizers still have somebody who serves them. An
//     instance that holds only custom resources of foreign kinds has all of them here.
//
// # What is refused
//
// What was rendered is read once more, as the engine reads it, and its application is predicted (render/order/simulate, docs/order.md). An
// order that would fail is an error.
//
// # Objects that stay in their place
//
// For Flux the part owns its objects: one that moves to a part that is applied later is deleted and made again, and so is one
// whose old part disappears. Such an object keeps the part that the lock names (Previous), and Output.Places says so.
package render
