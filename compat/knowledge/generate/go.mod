module gkops.dev/gkops/compat/knowledge/generate

go 1.26.0
