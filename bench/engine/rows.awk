# What bench/engine.sh measured, for table.awk and plot.awk. Standard input:
# one line for each measurement,
#	round program row value
# -v keys= how many.

function median(list,    n, v, i, j, t) {
	n = split(list, v, " ")
	for (i = 2; i <= n; i++)
		for (j = i; j > 1 && v[j - 1] + 0 > v[j] + 0; j--) {
			t = v[j]
			v[j] = v[j - 1]
			v[j - 1] = t
		}
	return n % 2 ? v[(n + 1) / 2] : (v[n / 2] + v[n / 2 + 1]) / 2
}

function is_known(name, row) {
	if (name == "lmdb")
		return (name, row) in all || ("lmdb-map", row) in all
	return (name, row) in all
}

# LMDB is the better of its two ways in each row.
function value(name, row,    a, b) {
	if (name == "lmdb" && ("lmdb-map", row) in all) {
		b = median(all["lmdb-map", row])
		if (!((name, row) in all))
			return b
		a = median(all[name, row])
		return (lower[row] ? a < b : a > b) ? a : b
	}
	return median(all[name, row])
}

# How many times better ours is than the other.
function times(name, row,    a, b) {
	a = value("ours", row)
	b = value(name, row)
	if (a <= 0 || b <= 0)
		return 0
	return lower[row] ? b / a : a / b
}

# The peer that is best in this row; "" when none is there.
function best(row,    i, found) {
	for (i = 1; i <= peers; i++)
		if (is_known(peer[i], row) &&
		    (found == "" || times(peer[i], row) < times(found, row)))
			found = peer[i]
	return found
}

# aim_times: ours to the best peer; aim_value: ours alone, in the row's unit.
# 0 = none.
function add(row, name, kind, aim_times, aim_value) {
	order[++rows] = row
	title[row] = name
	unit[row] = kind
	lower[row] = kind !~ /rate/
	times_aim[row] = aim_times
	value_aim[row] = aim_value
}

# 0 missed, 1 met, -1 nothing to compare
function is_met(row) {
	if (!is_known("ours", row))
		return -1
	if (value_aim[row])
		return lower[row] ? value("ours", row) <= value_aim[row] \
				  : value("ours", row) >= value_aim[row]
	if (!times_aim[row] || best(row) == "")
		return -1
	return times(best(row), row) >= times_aim[row]
}

function shown(row, v) {
	if (unit[row] == "rate")
		return v >= 1e6 ? sprintf("%.2f M/s", v / 1e6) \
		    : v >= 1e4 ? sprintf("%.0f k/s", v / 1e3) \
			       : sprintf("%.0f /s", v)
	if (unit[row] == "seconds")
		return sprintf(v < 0.01 ? "%.2f ms" : "%.1f ms", v * 1e3)
	if (unit[row] == "bytes")
		return sprintf("%.1f MiB", v / 1048576)
	return sprintf("%.2f", v)
}

# Of two or three digits.
function number(r) {
	return r >= 100 ? sprintf("%.0f", r) : r >= 10 ? sprintf("%.1f", r) \
	    : r >= 0.1 ? sprintf("%.2f", r) : sprintf("%.2g", r)
}

BEGIN {
	peers = split("lmdb rocksdb leveldb", peer, " ")
	label["ours"] = "ours"
	label["lmdb"] = "LMDB"
	label["rocksdb"] = "RocksDB"
	label["leveldb"] = "LevelDB"
	label["floor"] = "floor"
	add("put", "put 100 B, one at a time", "rate", 2.2)
	add("batch", "put 100 B, batches of 1,000", "rate", 5)
	add("get", "get, 1 thread", "rate", 2)
	add("get-2", "get, 2 threads", "rate", 2)
	add("absent", "get, absent keys", "rate", 5)
	add("scan", "scan", "rate", 0, 1e7)
	add("reverse", "scan, reverse", "rate")
	add("durable-1", "durable put, 1 thread", "rate", 1.2)
	add("durable-8", "durable put, 8 threads", "rate", 1.5)
	add("durable-64", "durable put, 64 threads", "rate", 1.2)
	add("syncs-1", "syncs per put, 1 thread", "number")
	add("syncs-8", "syncs per put, 8 threads", "number")
	add("syncs-64", "syncs per put, 64 threads", "number")
	add("put-1k", "put 1 KiB", "rate", 2.5)
	add("get-1k", "get 1 KiB", "rate", 1.5)
	add("open", "open", "seconds", 0, 0.030)
	add("memory-open", "memory, just opened", "bytes", 0, 33554432)
	add("memory-idle", "memory, 5 s later", "bytes", 0, 33554432)
	add("memory-read", "memory, after all reads", "bytes")
	add("disk-bytes", "disk, overwritten 3 times", "bytes")
	add("disk", "disk / live, overwritten 3 times", "number", 0, 1.25)
}

{
	all[$2, $3] = all[$2, $3] " " $4
}
