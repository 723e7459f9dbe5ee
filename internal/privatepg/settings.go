package privatepg

import (
	"maps"
	"slices"
)

// How the full pages in PostgreSQL's log are compressed: the log of events touches
// a page of its tag index for each tag, and lz4 takes a tenth of the time that
// pglz does. Not every server was built with it.
const (
	fastCompression = "lz4"
	anyCompression  = "on"
)

const defaultPort = "5432"

// arguments builds the server's command line. Settings live there, not in
// postgresql.conf, so that a new version of opsledger brings its own.
func arguments(data, socket, compression string, settings map[string]string) []string {
	all := map[string]string{
		"listen_addresses":        "",
		"port":                    defaultPort,
		"unix_socket_directories": socket,
		"unix_socket_permissions": "0700",
		"cluster_name":            "opsledger",
		"timezone":                "UTC",
		"log_timezone":            "UTC",
		"logging_collector":       "off",
		"log_line_prefix":         "%m [%p] ",
		"log_checkpoints":         "off",
		"max_connections":         "200",
		"shared_buffers":          "128MB",
		"jit":                     "off",
		// Few, spread out checkpoints: each one makes the log write full pages again.
		"checkpoint_timeout":           "15min",
		"checkpoint_completion_target": "0.9",
		"max_wal_size":                 "2GB",
		"wal_compression":              compression,
		"random_page_cost":             "1.1",
		// Tables that are only appended to still need their visibility map for index-only scans.
		"autovacuum_vacuum_insert_scale_factor": "0.1",
	}
	maps.Copy(all, settings)
	args := []string{"-D", data}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		args = append(args, "-c", name+"="+all[name])
	}
	return args
}
