# The plot of bench/engine.sh as SVG; after rows.awk. One group of bars for
# each row: how many times better ours is than each peer, on a log scale.
# -v about="..." stands below the title.

function escaped(text) {
	gsub(/&/, "\\&amp;", text)
	gsub(/</, "\\&lt;", text)
	return text
}

function text(x, y, what, more) {
	printf "<text x=\"%.1f\" y=\"%.1f\"%s>%s</text>\n", x, y,
	    more == "" ? "" : " " more, escaped(what)
}

function rectangle(x, y, w, h, fill) {
	printf "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"%s\"/>\n",
	    x, y, w, h, fill
}

function vertical(x, from, to, style) {
	printf "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" %s/>\n",
	    x, from, x, to, style
}

function clamped(r) {
	return r < low ? low : r > high ? high : r
}

function x_of(r) {
	return left + (right - left) * log(clamped(r) / low) / log(high / low)
}

function is_drawn(row) {
	return row !~ /^(syncs-.*|disk-bytes)$/
}

# Decades that hold every bar, within 1/100 and 100.
function range_find(    i, j, r) {
	low = 0.1
	high = 10
	for (i = 1; i <= rows; i++)
		for (j = 1; j <= peers; j++) {
			if (!is_drawn(order[i]) || !is_known("ours", order[i]) ||
			    !is_known(peer[j], order[i]))
				continue
			r = times(peer[j], order[i])
			if (r < low)
				low = 0.01
			if (r > high)
				high = 100
		}
}

function grid(top, bottom,    decade, i, step, r, steps) {
	steps = split("1 2 5", step, " ")
	for (decade = low; decade <= high * 1.001; decade *= 10)
		for (i = 1; i <= steps; i++) {
			r = decade * step[i]
			if (r > high * 1.001)
				continue
			vertical(x_of(r), top, bottom,
			    i == 1 ? "stroke=\"#c8c8c8\"" : "stroke=\"#ececec\"")
			text(x_of(r), bottom + 16, (r < 1 ? "1/" sprintf("%.0f", 1 / r) : sprintf("%.0f", r)),
			    "class=\"tick\" text-anchor=\"middle\"")
		}
}

function bar(row, name, y,    x, one) {
	x = x_of(times(name, row))
	one = x_of(1)
	rectangle(x < one ? x : one, y, x < one ? one - x : x - one, thick, colour[name])
}

# Beside the bar, or in it where it is cut off at the left.
function bar_label(row, name, y,    r, x) {
	r = times(name, row)
	x = x_of(r)
	y += thick - 1
	if (r < low)
		text(x + 4, y, number(r), "class=\"inside\"")
	else if (r >= 1)
		text(x + 4, y, number(r), "class=\"value\"")
	else
		text(x - 4, y, number(r), "class=\"value\" text-anchor=\"end\"")
}

function group_of(row, y,    i) {
	text(left - 12, y + 14, title[row], "text-anchor=\"end\"")
	text(left - 12, y + 28, is_known("ours", row) ? shown(row, value("ours", row)) : "-",
	    "class=\"own\" text-anchor=\"end\"")
	if (!is_known("ours", row))
		return
	for (i = 1; i <= peers; i++)
		if (is_known(peer[i], row))
			bar(row, peer[i], y + (i - 1) * (thick + 1))
	if (times_aim[row])
		vertical(x_of(times_aim[row]), y - 3, y + peers * (thick + 1) + 2,
		    "stroke=\"#b00020\" stroke-width=\"2\"")
	for (i = 1; i <= peers; i++)
		if (is_known(peer[i], row))
			bar_label(row, peer[i], y + (i - 1) * (thick + 1))
}

function legend(y,    i, x) {
	x = left
	for (i = 1; i <= peers; i++) {
		rectangle(x, y - 10, 12, 12, colour[peer[i]])
		text(x + 17, y, label[peer[i]])
		x += 100
	}
	vertical(x + 6, y - 12, y + 3, "stroke=\"#b00020\" stroke-width=\"2\"")
	text(x + 17, y, "aim, against the best of them")
}

END {
	colour["lmdb"] = "#0072b2"
	colour["rocksdb"] = "#e69f00"
	colour["leveldb"] = "#009e73"
	width = 960
	left = 240
	right = 910
	top = 96
	thick = 10
	pitch = 48
	for (i = 1; i <= rows; i++)
		groups += is_drawn(order[i])
	bottom = top + groups * pitch
	range_find()
	printf "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\">\n",
	    width, bottom + 60, width, bottom + 60
	print "<style>text { font: 13px sans-serif; fill: #222 }" \
	    " .title { font-size: 18px; font-weight: bold } .about, .tick, .own { fill: #666; font-size: 12px }" \
	    " .value { font-size: 11px; stroke: #fff; stroke-width: 3px; paint-order: stroke }" \
	    " .inside { font-size: 11px; fill: #fff }</style>"
	rectangle(0, 0, width, bottom + 60, "#ffffff")
	text(24, 32, "The engine against LMDB, RocksDB and LevelDB", "class=\"title\"")
	text(24, 52, about, "class=\"about\"")
	legend(78)
	grid(top - 4, bottom)
	y = top + 4
	for (i = 1; i <= rows; i++)
		if (is_drawn(order[i])) {
			group_of(order[i], y)
			y += pitch
		}
	vertical(x_of(1), top - 4, bottom, "stroke=\"#222\" stroke-width=\"1.5\"")
	text((left + right) / 2, bottom + 38, "times better than the peer (log scale; right of 1: ours is better; below each name: ours)",
	    "class=\"about\" text-anchor=\"middle\"")
	print "</svg>"
}
