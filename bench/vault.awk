# The table of bench/vault.sh. Standard input: one line for each measurement,
#	round program job seconds cpu-seconds anonymous written repository
# -v names="..." the programs in order, -v bytes= and -v edited= what the two
# trees hold.

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

function of(what, name, job) {
	return median(all[what, name, job])
}

function start(name, job) {
	return of("seconds", name, job == "restore" ? "start-get" : "start-put")
}

# MB/s of clear bytes, start-up taken off.
function speed(name, job,    b, s) {
	b = job == "edited" || job == "restore" ? edited : bytes
	s = of("seconds", name, job) - start(name, job)
	return s > 0 ? b / s / 1e6 : 0
}

function before(job) {
	return job == "again" ? "store" : "again"
}

# Only measured of programs, not of the bare parts.
function is_known(name, kind) {
	return name !~ /^bare/ || kind ~ /^(speed|cpu|size|growth)$/
}

function cell(kind, name, job) {
	if (!is_known(name, kind))
		return "-"
	if (kind == "speed")
		return sprintf("%.0f", speed(name, job))
	if (kind == "start")
		return sprintf("%.2f", of("seconds", name, job))
	if (kind == "growth")
		return sprintf("%.1f", (of("size", name, job) - of("size", name, before(job))) / 1048576)
	if (kind == "cpu")
		return sprintf("%.1f", of("cpu", name, job))
	return sprintf("%.0f", of(kind, name, job) / 1048576)
}

function row(title, kind, job,    i, name, width) {
	printf "%-22s", title
	for (i = 1; i <= count; i++) {
		name = program[i]
		width = length(name) > 8 ? length(name) : 8
		printf "  %" width "s", title == "" ? name : cell(kind, name, job)
	}
	print ""
}

# aim 0: none.
function ratio(job, name, other, aim,    r) {
	if (!(("seconds", other, job) in all) || speed(other, job) == 0)
		return
	r = speed(name, job) / speed(other, job)
	printf "%-8s %s / %-9s %5.2f", job, name, other, r
	if (aim > 0)
		printf "   aim %.2f: %s", aim, (r >= aim ? "met" : "missed")
	print ""
}

function ratios(name,    parts) {
	parts = name
	sub("ouroboros", "bare", parts)
	ratio("store", name, parts, 0.85)
	ratio("store", name, "restic", 1.9)
	ratio("store", name, "borg", 0)
	ratio("again", name, parts, 0)
	ratio("again", name, "restic", 3)
	ratio("again", name, "borg", 0)
	ratio("edited", name, parts, 0)
	ratio("edited", name, "restic", 4)
	ratio("edited", name, "borg", 0)
	ratio("restore", name, parts, 0)
	ratio("restore", name, "restic", 2.5)
	ratio("restore", name, "borg", 0)
}

# The same for programs to read.
function machine(name, job) {
	printf "vault program=%s job=%s seconds=%.3f start=%.3f mb_per_s=%.1f",
	    name, job, of("seconds", name, job), start(name, job), speed(name, job)
	printf " cpu_seconds=%.2f", of("cpu", name, job)
	if (is_known(name, "written"))
		printf " anonymous=%.0f written=%.0f", of("anonymous", name, job), of("written", name, job)
	printf " repository=%.0f\n", of("size", name, job)
}

{
	all["seconds", $2, $3] = all["seconds", $2, $3] " " $4
	all["cpu", $2, $3] = all["cpu", $2, $3] " " $5
	all["anonymous", $2, $3] = all["anonymous", $2, $3] " " $6
	all["written", $2, $3] = all["written", $2, $3] " " $7
	all["size", $2, $3] = all["size", $2, $3] " " $8
}

END {
	count = split(names, program, " ")
	jobs = split("store again edited restore", job, " ")
	row("")
	for (j = 1; j <= jobs; j++)
		row(job[j] ", MB/s", "speed", job[j])
	row("start-up of put, s", "start", "start-put")
	row("start-up of get, s", "start", "start-get")
	row("repository, MiB", "size", "store")
	row("growth, again, MiB", "growth", "again")
	row("growth, edited, MiB", "growth", "edited")
	for (j = 1; j < jobs; j++)
		row("written, " job[j] ", MiB", "written", job[j])
	for (j = 1; j <= jobs; j++)
		row("CPU, " job[j] ", s", "cpu", job[j])
	for (j = 1; j <= jobs; j++)
		row("memory, " job[j] ", MiB", "anonymous", job[j])
	print ""
	for (i = 1; i <= count; i++)
		if (program[i] ~ /^ouroboros/)
			ratios(program[i])
	print ""
	for (i = 1; i <= count; i++)
		for (j = 1; j <= jobs; j++)
			machine(program[i], job[j])
}
