package accessmodel

// The statements are for tests of what they cost.
var (
	ListRoles      = listRoles
	ListPrivileges = listPrivileges
	ReadSets       = readSets
	ReadStored     = readStored
	ReadResources  = readResources
)
