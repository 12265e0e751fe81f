// Package e2e proves on the real programs that Flux reconciles what gkops writes, in order, and that render/order foretells it.
//
// Its tests, behind the tag e2e, start etcd, kube-apiserver, kube-controller-manager, kube-scheduler, kwok, Flux's controllers and
// a Git server on loopback, and read what happened from etcd, whose revisions order all writes. A longer story, for Argo CD too,
// holds every step to what render/order/simulate foretells. The folders below it are modules that pin the programs. It knows how
// programs are started and asked; it refuses to know what gkops writes: it uses gkops as its users do, as a program.
package e2e
