# The tasks of gkops. `make` lists them.
GO ?= go
SHARED ?= ../shared
# The volumes of the end-to-end story, each on two Kubernetes minors; the long ones first.
VOLUMES := 1.37-kinds 1.30-kinds 1.37-layers 1.30-layers
# Without cgo the program is static and a fifth smaller, and nothing waits for the linker of C.
export CGO_ENABLED ?= 0

.DEFAULT_GOAL := help
.PHONY: e2e e2e-binaries e2e-bot e2e-real e2e-real-argocd e2e-real-flux e2e-flux e2e-argocd e2e-dryrun e2e-gitea help build test lint golden bench prove demo real browser generate tidy

help: ## list the tasks
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "%-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: ## build bin/gkops
	$(GO) build -trimpath -ldflags '-s -w' -o bin/gkops ./cmd/gkops

test: ## run every hermetic test
	$(GO) test ./...

lint: ## gofmt, go vet and staticcheck; changes nothing
	@unformatted="$$(gofmt -l cmd compat examples gitops golden render resolver)"; \
	  if [ -n "$$unformatted" ]; then echo "not gofmt-ed:"; echo "$$unformatted"; exit 1; fi
	$(GO) vet ./...
	$(GO) vet -tags real ./cmd/... ./gitops/...
	$(GO) vet -tags browser ./gitops/review
	$(GO) vet -tags prove ./resolver
	$(GO) vet -tags e2e,real,gitea ./golden/e2e
	$(GO) tool staticcheck ./...

golden: ## accept what the golden tests got; read the diff before you commit it
	$(GO) test ./golden ./render ./resolver ./gitops/lock ./gitops/workspace ./gitops/review ./compat ./compat/report ./cmd/internal/schemas -update
	UPDATE_SCRIPTS=1 $(GO) test ./cmd/internal/cli -run TestScript

bench: ## measure, beside peers, and write docs/benchmarks.md
	GKOPS_SHARED=$(if $(wildcard $(SHARED)/mirror),$(abspath $(SHARED))) $(GO) run ./cmd/internal/bench

prove: ## compare the solver with a SAT solver on ten times as many problems as the tests do, see docs/resolver-proof.md
	$(GO) test -tags prove -count=1 -timeout 30m -run 'TestVerdictsAgreeWithSAT|TestChangesAreTheFewest|TestEveryCitedRequirementIsNecessary' -v ./resolver

demo: build ## the main job on the built-in example registry
	@PATH="$(CURDIR)/bin:$$PATH" sh examples/demo.sh

real: ## every plain version of the real registries, both engines (needs $(SHARED))
	GKOPS_SHARED=$(abspath $(SHARED)) $(GO) test -tags real -count=1 -timeout 25m -run TestReal -v ./cmd/internal/cli
	GKOPS_SHARED=$(abspath $(SHARED)) $(GO) test -tags real -count=1 -run TestReal -bench Real ./gitops/review

browser: ## the page of the review in a real browser: search, filters, links, contrast (needs chromium)
	$(GO) test -tags browser -count=1 -run TestBrowser -v ./gitops/review

generate: ## make the table of what every Kubernetes minor serves again, see compat/knowledge/README.md
	$(GO) generate ./compat/knowledge

generate-check: ## make it again and fail when it is not what the modules say (350 MB through the module proxy)
	$(GO) -C compat/knowledge/generate run . -check -o ../table.txt -served ../../testdata/served.txt $(if $(MODULES),-modules $(MODULES))
	$(if $(MODULES),GKOPS_MODULES=$(abspath $(MODULES)) $(GO) test -tags peers -count=1 -run Fields ./compat/peers)

peers: ## the fixtures of kubeconform and kubectl-validate from their modules, and the schemas they were published with
	$(GO) test -tags peers -count=1 ./compat/peers

e2e: e2e-binaries ## every end-to-end test that needs nothing but this repository, five at a time, see docs/e2e.md
	bin/programs all true
	$(MAKE) -j5 --output-sync=target -o e2e-binaries e2e-bot e2e-argocd e2e-gitea e2e-flux

e2e-flux: $(VOLUMES:%=e2e-flux-%) ## the story with the real Flux on two real Kubernetes minors, programs built once and kept (needs unshare and ip)

e2e-argocd: $(VOLUMES:%=e2e-argocd-%) ## the same story with the real Argo CD (needs redis-server too)

# What runs side by side is linked once.
e2e-binaries: build
	$(GO) test -c -tags e2e,real,gitea -o bin/e2e.test ./golden/e2e
	$(GO) build -o bin/programs ./cmd/internal/programs

# $(call e2e,TIER,TESTS) runs tests with the programs of a tier, in namespaces of their own, so that `make -j4` runs several side by side.
e2e = bin/programs $(1) env -C golden/e2e GKOPS_E2E_GKOPS=$(CURDIR)/bin/gkops GKOPS_SHARED=$(abspath $(SHARED)) \
	$(CURDIR)/bin/e2e.test -test.v -test.timeout 40m -test.run '$(2)'

e2e-flux-%: e2e-binaries
	$(call e2e,flux,^TestFlux$$/kubernetes_$(subst -,_,$*)$$)

e2e-argocd-%: e2e-binaries
	$(call e2e,argocd,^TestArgoCD$$/kubernetes_$(subst -,_,$*)$$)

e2e-real: e2e-real-argocd e2e-real-flux ## packages of the real registries with both engines (needs $(SHARED))

e2e-real-argocd: e2e-binaries
	$(call e2e,argocd,^TestRealArgoCD$$)

e2e-real-flux: e2e-binaries
	$(call e2e,flux,^TestRealFlux$$)

e2e-dryrun: e2e-binaries ## every package of the real registries against the API servers, beside what compat says (needs $(SHARED))
	$(call e2e,dryrun,^TestDryRun$$)

e2e-gitea: e2e-binaries ## the client of Gitea, pushes and a stack of pulls against the real Gitea, built once and kept in the cache (needs a C compiler, git, unshare and ip)
	$(call e2e,gitea,^TestGitea)

e2e-bot: e2e-binaries ## the bot opens a pull at the real Gitea, it is merged, and the real Flux reconciles it
	$(call e2e,bot,^TestBot)

tidy: ## tidy go.mod
	$(GO) mod tidy
