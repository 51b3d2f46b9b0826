/*
 * put - stores files. They are grouped: one commit, and thus one wait for the
 * disk, for up to GROUP_FILES files, or as soon as there are GROUP_BYTES and
 * GROUP_MS have passed. A hash is printed only once its group is durable.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "command.h"
#include "meta.h"
#include "numbers.h"
#include "progress.h"
#include "report.h"
#include "session.h"
#include "signals.h"
#include "source.h"
#include "target.h"
#include "text.h"

#define GROUP_FILES 256
#define GROUP_BYTES ((uint64_t)32 << 20)
#define GROUP_MS    500
#define BUFFER_SIZE ((size_t)1 << 20)

struct stored {
	const char *file;
	struct ouro_put_result result;
};

struct storing {
	struct invocation *inv;
	struct ouro_vault *vault;
	struct ouro_put_options options;
	uint8_t parent[OURO_ID_SIZE];
	uint8_t (*bases)[OURO_ID_SIZE]; /* of --base */
	void *meta;			/* of --meta */
	size_t meta_size;
	void *buffer;
	/* The group that is not committed yet. */
	struct ouro_batch *batch;
	struct stored group[GROUP_FILES];
	size_t group_count;
	uint64_t group_bytes, group_began_ms;
	/* All in all. */
	uint64_t files, bytes, bytes_new;
	int code;  /* of the first failure */
	bool stop; /* the store failed, or a signal came */
};

static uint64_t
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void
fail_with(struct storing *s, int code)
{
	if (s->code == 0)
		s->code = code;
}

static void
print_stored(struct storing *s, const struct stored *stored)
{
	struct reply *out = &s->inv->out;
	const struct ouro_put_result *result = &stored->result;
	const uint8_t *id = s->options.name != NULL ? result->version
						    : result->content;
	char hash[OURO_ID_TEXT];

	if (!s->inv->json) {
		ouro_id_text(id, hash);
		puts(hash);
		return;
	}
	reply_object(out, NULL);
	reply_text(out, "file", stored->file);
	reply_id(out, "hash", id);
	reply_id(out, "content", result->content);
	reply_id(out, "version", result->version);
	reply_uint(out, "bytes", result->bytes);
	reply_uint(out, "chunks", result->chunks);
	reply_uint(out, "chunks_new", result->chunks_new);
	reply_uint(out, "bytes_new", result->bytes_new);
	reply_uint(out, "bytes_stored", result->bytes_stored);
	reply_bool(out, "existed", result->existed);
	reply_end(out);
}

/* Makes the group durable and prints its hashes. */
static void
group_commit(struct storing *s)
{
	struct ouro_error err = { .status = OURO_OK };
	struct ouro_batch *batch = s->batch;

	if (batch == NULL)
		return;
	s->batch = NULL;
	if (ouro_batch_commit(batch, &err) != OURO_OK) {
		s->stop = true;
		for (size_t i = 0; i < s->group_count; i++)
			fail_with(s,
			    report_failure(s->inv, s->group[i].file, &err));
	} else {
		progress_clear();
		for (size_t i = 0; i < s->group_count; i++) {
			s->files++;
			s->bytes += s->group[i].result.bytes;
			s->bytes_new += s->group[i].result.bytes_new;
			print_stored(s, &s->group[i]);
		}
		s->stop = report_stdout(s->inv) != 0;
	}
	s->group_count = 0;
	s->group_bytes = 0;
}

/* A failure of the store itself: no further file will fare better. */
static void
fail_store(struct storing *s, const char *file, const struct ouro_error *err)
{
	fail_with(s, report_failure(s->inv, file, err));
	s->stop = true;
}

/* A failure of one file; the others are still stored. */
static void
fail_source(struct storing *s, const struct source *source)
{
	struct ouro_error err = { OURO_IO, source->sys_errno, "" };

	if (signals_caught() != 0) {
		s->stop = true;
		return;
	}
	snprintf(err.text, sizeof err.text, "%s", source->reason);
	report_failure(s->inv, source->path, &err);
	fail_with(s, EXIT_FAILED);
}

/* Reads all of source into put; false after having said why not. */
static bool
copy(struct storing *s, struct source *source, struct ouro_put *put)
{
	struct ouro_error err = { .status = OURO_OK };
	const void *data;
	size_t got;

	for (;;) {
		if (!source_next(source, s->buffer, BUFFER_SIZE, &data, &got)) {
			fail_source(s, source);
			return false;
		}
		if (got == 0)
			return true;
		if (ouro_put_write(put, data, got, &err) != OURO_OK) {
			fail_store(s, source->path, &err);
			return false;
		}
		progress_add(got);
	}
}

static void
store_source(struct storing *s, struct source *source,
    const struct ouro_put_options *options)
{
	struct ouro_error err = { .status = OURO_OK };
	struct stored *stored = &s->group[s->group_count];
	struct ouro_put *put = NULL;

	if (s->batch == NULL) {
		if (ouro_batch_begin(s->vault, &s->batch, &err) != OURO_OK) {
			fail_store(s, source->path, &err);
			return;
		}
		s->group_began_ms = now_ms();
	}
	if (ouro_put_begin(s->vault, options, &put, &err) != OURO_OK) {
		fail_store(s, source->path, &err);
		return;
	}
	if (!copy(s, source, put)) {
		ouro_put_abort(put);
		return;
	}
	*stored = (struct stored){ .file = source->path };
	if (ouro_batch_finish_put(s->batch, put, &stored->result, &err) !=
	    OURO_OK) {
		fail_store(s, source->path, &err);
		return;
	}
	s->group_count++;
	s->group_bytes += source->taken;
	if (s->group_count == GROUP_FILES ||
	    (s->group_bytes >= GROUP_BYTES &&
		now_ms() - s->group_began_ms >= GROUP_MS))
		group_commit(s);
}

static void
store_file(struct storing *s, const char *file)
{
	struct ouro_put_options options = s->options;
	struct source source;
	struct buffer meta = { 0 };

	if (!source_open(&source, file)) {
		fail_source(s, &source);
		return;
	}
	if (!source.regular) /* may let us wait; do not hold back hashes */
		group_commit(s);
	if (s->inv->option[OPTION_META] != NULL) {
		options.meta = s->meta;
		options.meta_size = s->meta_size;
	} else if (strcmp(file, "-") != 0) {
		if (!meta_make(file, source.regular, source.size, &meta)) {
			fail_store(s, file,
			    &(struct ouro_error){ .status = OURO_NO_MEMORY });
		}
		options.meta = meta.data;
		options.meta_size = meta.size;
	}
	if (!s->stop)
		store_source(s, &source, &options);
	buffer_release(&meta);
	source_close(&source);
}

static uint64_t
total_size(const struct invocation *inv)
{
	struct stat status;
	uint64_t total = 0;

	if (!progress_wanted(inv))
		return 0;
	for (size_t i = 0; i < inv->operand_count; i++)
		if (stat(inv->operands[i], &status) == 0 &&
		    S_ISREG(status.st_mode))
			total += (uint64_t)status.st_size;
	return total;
}

static void
store_all(struct storing *s)
{
	char bytes[TEXT_SIZE_SIZE], fresh[TEXT_SIZE_SIZE];
	struct invocation *inv = s->inv;

	progress_start(inv, "storing", total_size(inv));
	for (size_t i = 0; i < inv->operand_count && !s->stop; i++)
		store_file(s, inv->operands[i]);
	if (signals_caught() == 0)
		group_commit(s);
	ouro_batch_abort(s->batch);
	progress_stop();
	if (signals_caught() == 0 && isatty(STDERR_FILENO) == 1 && !inv->json)
		report_note(inv, "%llu file%s, %s; %s of it new",
		    (unsigned long long)s->files, s->files == 1 ? "" : "s",
		    text_size(s->bytes, bytes), text_size(s->bytes_new, fresh));
}

static int
meta_load(struct storing *s)
{
	const char *path = s->inv->option[OPTION_META];
	struct source source;
	size_t got = 1;
	bool read;

	if (path == NULL)
		return 0;
	s->meta = malloc(META_FILE_MAX + 1);
	if (s->meta == NULL)
		return report_status(s->inv, OURO_NO_MEMORY, "out of memory");
	if (!source_open(&source, path)) {
		fail_source(s, &source);
		return EXIT_FAILED;
	}
	do {
		read = source_read(&source, (char *)s->meta + s->meta_size,
		    META_FILE_MAX + 1 - s->meta_size, &got);
		s->meta_size += got;
	} while (read && got > 0 && s->meta_size <= META_FILE_MAX);
	if (!read)
		fail_source(s, &source);
	source_close(&source);
	if (s->meta_size > META_FILE_MAX)
		return report_status(s->inv, OURO_TOO_LARGE,
		    "%s: metadata can be 16 MiB at most", path);
	return read ? 0 : EXIT_FAILED;
}

/* How long it is kept. */
static int
ttl_check(struct storing *s)
{
	const char *ttl = s->inv->option[OPTION_TTL];
	struct timespec now;
	uint64_t seconds, now_ms;

	if (ttl == NULL)
		return 0;
	if (!duration_parse(ttl, &seconds))
		return report_usage(s->inv,
		    "--ttl %s: it has to look like 90s, 15m, 1h or 7d", ttl);
	clock_gettime(CLOCK_REALTIME, &now);
	now_ms = (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
	if (seconds > 0 && seconds <= (UINT64_MAX - now_ms) / 1000)
		s->options.expires_ms = now_ms + seconds * 1000;
	return 0;
}

static int
base_check(struct storing *s)
{
	struct invocation *inv = s->inv;
	bool exact = inv->option[OPTION_IF_UNCHANGED] != NULL;

	if ((exact || inv->base_count > 0 ||
		inv->option[OPTION_NAMESPACE] != NULL) &&
	    s->options.name == NULL)
		return report_usage(inv,
		    "--base, --if-unchanged and --namespace need --name");
	s->options.namespace_ = inv->option[OPTION_NAMESPACE];
	if (exact)
		s->options.base = OURO_BASE_EXACT;
	else if (inv->base_count > 0)
		s->options.base = OURO_BASE_GIVEN;
	return 0;
}

/* One hash of a list; text is cut off at its end. */
static int
base_add(struct storing *s, const char *text, size_t size)
{
	char hash[OURO_NAME_MAX + 8];
	struct ouro_target target;
	uint8_t(*bases)[OURO_ID_SIZE];
	size_t count = s->options.base_count;
	int code;

	if (size >= sizeof hash)
		return report_usage(s->inv, "--base: %.60s... is no hash",
		    text);
	snprintf(hash, sizeof hash, "%.*s", (int)size, text);
	code = target_resolve(s->inv, s->vault, hash, &target);
	if (code != 0)
		return code;
	if (target.kind != OURO_VERSION)
		return report_usage(s->inv,
		    "--base: %s is a content, not a version", hash);
	bases = realloc(s->bases, (count + 1) * sizeof *bases);
	if (bases == NULL)
		return report_status(s->inv, OURO_NO_MEMORY, "out of memory");
	memcpy(bases[count], target.id, OURO_ID_SIZE);
	s->bases = bases;
	s->options.base_versions = (const uint8_t(*)[OURO_ID_SIZE])bases;
	s->options.base_count = count + 1;
	return 0;
}

/* "none" is the empty list. */
static int
bases_take(struct storing *s)
{
	int code = 0;

	for (size_t i = 0; i < s->inv->base_count && code == 0; i++) {
		const char *text = s->inv->bases[i];

		if (strcmp(text, "none") == 0)
			continue;
		while (code == 0) {
			size_t size = strcspn(text, ",");

			code = base_add(s, text, size);
			if (text[size] == '\0')
				break;
			text += size + 1;
		}
	}
	return code;
}

static int
options_check(struct storing *s)
{
	struct invocation *inv = s->inv;
	const char *rs = inv->option[OPTION_RS], *wrong;
	int code;

	s->options = (struct ouro_put_options){
		.size = sizeof s->options,
		.name = inv->option[OPTION_NAME],
		.type = inv->option[OPTION_TYPE],
	};
	if (s->options.name != NULL && inv->operand_count > 1)
		return report_usage(inv, "--name names one file, not %zu",
		    inv->operand_count);
	if (s->options.name != NULL &&
	    (s->options.name[0] == '\0' ||
		strlen(s->options.name) > OURO_NAME_MAX))
		return report_usage(inv, "a name has 1 to %d bytes",
		    OURO_NAME_MAX);
	code = base_check(s);
	if (code == 0)
		code = ttl_check(s);
	if (code != 0 || rs == NULL)
		return code;
	wrong = rs_parse(rs, &s->options.k, &s->options.m);
	if (wrong != NULL)
		return report_usage(inv, "--rs %s: %s", rs, wrong);
	s->options.no_parity = s->options.m == 0;
	return 0;
}

static int
put_run(struct invocation *inv)
{
	struct storing *s = calloc(1, sizeof *s);
	int code;

	if (s == NULL)
		return report_status(inv, OURO_NO_MEMORY, "out of memory");
	s->inv = inv;
	code = options_check(s);
	if (code == 0)
		code = meta_load(s);
	if (code == 0)
		code = session_open(inv, SESSION_CREATE, &s->vault);
	if (code == 0 && inv->option[OPTION_PARENT] != NULL) {
		code = target_parent(inv, s->vault, inv->option[OPTION_PARENT],
		    s->parent);
		s->options.parent = s->parent;
	}
	if (code == 0)
		code = bases_take(s);
	if (code == 0) {
		s->buffer = malloc(BUFFER_SIZE);
		if (s->buffer == NULL)
			code = report_status(inv, OURO_NO_MEMORY,
			    "out of memory");
		else
			store_all(s);
	}
	if (code == 0)
		code = s->code;
	ouro_vault_close(s->vault);
	free(s->buffer);
	free(s->bases);
	free(s->meta);
	free(s);
	return code;
}

const struct command put_command = {
	.name = "put",
	.synopsis = "FILE... [options]",
	.summary = "store files; prints one hash a line",
	.page =
	    "Stores each FILE ('-' is standard input) and prints its hash, one a line,\n"
	    "as soon as it is safely on the disk. The same bytes with the same metadata,\n"
	    "type and parent have the same hash and are stored once.\n"
	    "\n"
	    "With --name the file becomes a new version of NAME, and the hash printed is\n"
	    "the version's. The store is made at first use, with its keys; --data-path\n"
	    "then names directories, on disks of their own, for some of its slices.\n"
	    "\n"
	    "A new version takes the place of all that are current (heads). With --base it\n"
	    "replaces those given and nothing else: what somebody wrote meanwhile stays a\n"
	    "head beside it, until 'merge'; none: beside all. With --if-unchanged it is\n"
	    "stored only if the heads are exactly those given, and without --base only if\n"
	    "there is no such name: else exit 5. --ttl lets it expire.\n"
	    "\n"
	    "A directory, a file that cannot be read, or one that changes while it is\n"
	    "read is named and left out; the others are stored, and the exit code is 1.\n"
	    "\n"
	    "With --json each file gives one line: an object with file, hash, content,\n"
	    "version, bytes, chunks, chunks_new, bytes_new, bytes_stored, existed.",
	.options = OPTION_BIT(OPTION_NAME) | OPTION_BIT(OPTION_PARENT) |
	    OPTION_BIT(OPTION_TYPE) | OPTION_BIT(OPTION_RS) |
	    OPTION_BIT(OPTION_META) | OPTION_BIT(OPTION_DATA_PATH) |
	    OPTION_BIT(OPTION_BASE) | OPTION_BIT(OPTION_IF_UNCHANGED) |
	    OPTION_BIT(OPTION_TTL) | OPTION_BIT(OPTION_NAMESPACE),
	.operands_min = 1,
	.operands_max = SIZE_MAX,
	.files = true,
	.run = put_run,
};
