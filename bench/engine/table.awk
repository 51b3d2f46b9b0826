# The table of bench/engine.sh; after rows.awk.

function cell(name, row) {
	return is_known(name, row) ? shown(row, value(name, row)) : "-"
}

function aim_text(row) {
	if (times_aim[row])
		return sprintf("%.1fx", times_aim[row])
	if (value_aim[row])
		return (lower[row] ? "<= " : ">= ") shown(row, value_aim[row])
	return ""
}

function line(row,    i, other, met) {
	printf "%-32s", title[row]
	for (i = 1; i <= columns; i++)
		printf " %11s", cell(column[i], row)
	other = best(row)
	printf "  %7s", is_known("ours", row) && other != "" ? \
	    number(times(other, row)) "x" : "-"
	printf "  %-8s %-14s", other == "" ? "" : label[other], aim_text(row)
	met = is_met(row)
	print (met < 0 ? "" : met ? "met" : "missed")
}

function crashes(way, what,    i, told, lost, text) {
	for (i = 1; i <= all_names; i++) {
		told = all[name[i], "crash-" way "-told"]
		lost = all[name[i], "crash-" way "-lost"]
		if (told != "")
			text = text sprintf("  %s %d of %d", name[i], lost, told)
	}
	printf "  %-24s%s\n", what, text == "" ? "  not run" : text
}

END {
	columns = split("ours lmdb rocksdb leveldb floor", column, " ")
	all_names = split("ours lmdb lmdb-map rocksdb leveldb floor", name, " ")
	printf "%-32s", ""
	for (i = 1; i <= columns; i++)
		printf " %11s", label[column[i]]
	printf "  %7s  %-8s %s\n", "ours is", "of best", "aim"
	for (i = 1; i <= rows; i++)
		line(order[i])
	if (is_known("ours", "live-bytes"))
		printf "(live keys and values: %.1f MiB)\n", value("ours", "live-bytes") / 1048576
	if (keys != 1000000)
		print "(the aims are for 1,000,000 keys)"
	print ""
	print "lost of what was acknowledged before kill -9:"
	crashes("single", "unsynced, one at a time")
	crashes("batch", "unsynced, batches")
	crashes("durable", "durable, one at a time")
	print ""
	for (i = 1; i <= all_names; i++)
		for (j = 1; j <= rows; j++)
			if ((name[i], order[j]) in all)
				printf "engine program=%s row=%s value=%.6g\n",
				    name[i], order[j], median(all[name[i], order[j]])
}
