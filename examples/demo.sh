#!/bin/sh
# The main job of gkops, from an empty folder to a reviewed upgrade, on the example registry that is compiled into the program.
# Needs gkops and git on the PATH, no network and no cluster. Leaves the repository where it says at the end.
set -eu

place="${1:-$(mktemp -d)/fleet}"
mkdir -p "$place"
cd "$place"
export GIT_CONFIG_GLOBAL=/dev/null GIT_AUTHOR_NAME=Demo GIT_AUTHOR_EMAIL=demo@example.org
export GIT_COMMITTER_NAME=Demo GIT_COMMITTER_EMAIL=demo@example.org

say() { printf '\n== %s\n' "$1"; }
run() { printf '$ %s\n' "$*"; "$@"; }

say "a workspace for Flux, in a new repository"
run gkops init --engine flux --cluster prod --kubernetes 1.33 --registry examples=builtin:examples

say "an application; gkops finds the operator that it needs, and the order"
run gkops add storefront@3.1.0 --set host=shop.example.org --set replicas=3 --commit

say "an instance of a namespaced package, in a namespace of its own"
run gkops add database --as orders-db -n orders --set databaseName=orders --commit

say "what is in Git now"
run git ls-files
run cat gkops/prod/flux/storefront-config.yaml 2>/dev/null || run cat gkops/prod/flux/storefront-core.yaml

say "the layers, and what waits for what"
run gkops graph

say "an upgrade, and what it changes"
run gkops outdated || true
run gkops upgrade storefront@3.2.1
run gkops diff
run git add -A
run git commit --quiet -m "Upgrade the storefront"

say "what is known of a version: an upgrade in steps, and why not a withdrawn version"
run gkops add queue@~1.4 --commit
run gkops why queue@1.6.1 || true

say "two packages that ship the same object: named, and nothing is written"
if run gkops add metrics-crds metrics-bundle; then
  echo "the conflict was not found" >&2
  exit 1
fi
run git status --short

say "proof that Git holds exactly what the lock gives"
run gkops verify HEAD
run git log --stat --format='%h %s' -- gkops.yaml gkops/prod/gkops.lock

printf '\nThe repository is %s\n' "$place"
