package dnsmodel

// PurgeChunk, the lists and the steps of a search are for tests of what they cost.
const PurgeChunk = purgeChunk

var (
	ListZones   = listZones
	ListRecords = listRecords
	// RunningImports is the statement.
	RunningImports = runningImports
	NewestRecord   = newestRecord
)

// EachRecordBy is EachRecord with another number of rows that it holds in memory.
var EachRecordBy = (*Reader).eachRecord

// SearchRecordsBy is SearchRecords with another number of ids that it looks at with one statement.
var SearchRecordsBy = (*Reader).searchRecords
