package dnsmodel

// PurgeChunk and the lists are for tests of what they cost.
const PurgeChunk = purgeChunk

var (
	ListZones   = listZones
	ListRecords = listRecords
)
