package bot

import "gkops.dev/gkops/gitops/forge/forgetest"

// What the bot asks of a forge and what the contract of forges holds clients to are the same.
var (
	_ Forge           = forgetest.Forge(nil)
	_ forgetest.Forge = Forge(nil)
)
