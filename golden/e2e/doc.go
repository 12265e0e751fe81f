// Package e2e proves on the real programs that Flux and Argo CD reconcile what gkops writes, in order, and that render/order/simulate
// foretells it.
//
// Its tests, behind the tag e2e, start etcd, kube-apiserver, kube-controller-manager, kube-scheduler, kwok, the engine and a Git server
// on loopback, and read what happened from etcd, whose revisions order all writes. The folders below it are modules that pin the programs.
// It knows how programs are started and asked; it refuses to know what gkops writes: it uses gkops as its users do, as a program.
package e2e
