/*
 * export - a vault, a name or a subtree as one stream.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command.h"
#include "progress.h"
#include "report.h"
#include "session.h"
#include "signals.h"
#include "target.h"
#include "text.h"

/* Where the stream goes. */
struct exporting {
	struct invocation *inv;
	const char *path; /* NULL = standard output */
	int fd;
	bool resume;
	bool cut;      /* what was not whole is off the file */
	uint64_t kept; /* of the file */
	uint64_t read; /* of the begun file */
	int errnum;    /* of what failed on the file */
};

/* ---- the file ---------------------------------------------------------------- */

/* A file of that name that is not to be gone on with stays as it is. */
static int
file_open(struct exporting *e)
{
	int flags = e->resume ? O_RDWR | O_CREAT : O_WRONLY | O_CREAT | O_EXCL;

	e->fd = STDOUT_FILENO;
	if (e->path == NULL)
		return 0;
	e->fd = open(e->path, flags | O_CLOEXEC | O_NOCTTY, 0600);
	if (e->fd >= 0)
		return 0;
	if (errno != EEXIST)
		return report_errno(e->inv, errno, e->path);
	return report_status(e->inv, OURO_EXISTS,
	    "%s is there already; --resume goes on with a stream that was cut "
	    "short",
	    e->path);
}

static enum ouro_status
failed(struct exporting *e, struct ouro_error *err)
{
	e->errnum = errno;
	err->status = errno == ENOSPC ? OURO_NO_SPACE : OURO_IO;
	err->sys_errno = errno;
	snprintf(err->text, sizeof err->text, "%s",
	    e->path != NULL ? e->path : "standard output");
	return err->status;
}

/* What the file has behind its last whole part goes. */
static bool
file_cut(struct exporting *e)
{
	if (!e->resume || e->cut)
		return true;
	e->cut = true;
	return ftruncate(e->fd, (off_t)e->kept) == 0 &&
	    lseek(e->fd, (off_t)e->kept, SEEK_SET) == (off_t)e->kept;
}

static enum ouro_status
sink(void *context, const void *data, size_t size, struct ouro_error *err)
{
	struct exporting *e = context;
	const char *p = data;

	if (!file_cut(e))
		return failed(e, err);
	while (size > 0) {
		ssize_t count = -1;

		errno = EINTR;
		if (signals_caught() == 0)
			count = write(e->fd, p, size);
		if (count < 0 && (errno != EINTR || signals_caught() != 0))
			return failed(e, err);
		if (count > 0) {
			p += count;
			size -= (size_t)count;
		}
	}
	return OURO_OK;
}

static enum ouro_status
begun(void *context, void *data, size_t size, size_t *got,
    struct ouro_error *err)
{
	struct exporting *e = context;
	ssize_t count;

	do {
		count = pread(e->fd, data, size, (off_t)e->read);
	} while (count < 0 && errno == EINTR && signals_caught() == 0);
	if (count < 0)
		return failed(e, err);
	*got = (size_t)count;
	e->read += (size_t)count;
	return OURO_OK;
}

/* ---- telling --------------------------------------------------------------------- */

static void
print_result(struct exporting *e, const struct ouro_export_result *result)
{
	struct reply *out = &e->inv->out;
	char size[TEXT_SIZE_SIZE];

	text_size(result->bytes, size);
	if (e->path == NULL) {
		report_note(e->inv,
		    "exported %" PRIu64 " versions, %" PRIu64
		    " contents, %" PRIu64 " chunks: %s",
		    result->versions, result->contents, result->chunks, size);
		return;
	}
	if (!e->inv->json) {
		printf("exported %" PRIu64 " versions, %" PRIu64
		       " contents, %" PRIu64 " chunks: %s\n",
		    result->versions, result->contents, result->chunks, size);
		return;
	}
	reply_object(out, NULL);
	reply_text(out, "file", e->path);
	reply_uint(out, "kept", e->kept);
	reply_uint(out, "versions", result->versions);
	reply_uint(out, "contents", result->contents);
	reply_uint(out, "pages", result->pages);
	reply_uint(out, "chunks", result->chunks);
	reply_uint(out, "bytes", result->bytes);
	reply_end(out);
}

static int
say_failure(struct exporting *e, const struct ouro_error *err)
{
	int code;

	if (signals_caught() != 0)
		return EXIT_FAILED;
	/* On standard output stands a stream. */
	e->inv->json = e->inv->json && e->path != NULL;
	code = e->errnum != 0
	    ? report_errno(e->inv, e->errnum,
		  e->path != NULL ? e->path : "standard output")
	    : report_failure(e->inv, NULL, err);
	if (e->path != NULL && !e->inv->json)
		report_note(e->inv,
		    "%s has what was written; 'export --resume' goes on with "
		    "it.",
		    e->path);
	return code;
}

/* ---- the work ---------------------------------------------------------------------- */

static int
stream(struct exporting *e, struct ouro_vault *vault,
    struct ouro_export_options *options)
{
	struct ouro_error err = { .status = OURO_OK };
	struct ouro_export_result result = { 0 };
	enum ouro_status status;

	options->progress = progress_report;
	if (e->resume) {
		options->begun = begun;
		options->begun_context = e;
		options->kept = &e->kept;
	}
	progress_start(e->inv, "exporting", 0);
	status = ouro_export(vault, options, sink, e, &result, &err);
	progress_stop();
	if (status == OURO_OK && e->path != NULL && fdatasync(e->fd) != 0)
		status = failed(e, &err);
	if (status != OURO_OK)
		return say_failure(e, &err);
	print_result(e, &result);
	return 0;
}

/* HASH: that content and what is below it. */
static int
scope_take(struct invocation *inv, struct ouro_vault *vault,
    struct ouro_target *target, struct ouro_export_options *options)
{
	int code;

	options->path = inv->option[OPTION_NAME];
	if (inv->operand_count == 0)
		return 0;
	code = target_resolve(inv, vault, inv->operands[0], target);
	if (code == 0 && target->kind != OURO_CONTENT)
		code = report_usage(inv,
		    "%s is no content; --name exports a name with its history",
		    inv->operands[0]);
	options->root = target->id;
	return code;
}

static int
usage_check(const struct exporting *e)
{
	struct invocation *inv = e->inv;

	if (inv->operand_count > 0 && inv->option[OPTION_NAME] != NULL)
		return report_usage(inv, "say --name NAME or HASH, not both");
	if (e->resume && e->path == NULL)
		return report_usage(inv,
		    "--resume needs the FILE that was begun: -o FILE");
	if (e->path == NULL && isatty(STDOUT_FILENO) == 1)
		return report_usage(inv,
		    "a stream is nothing for a terminal; use -o FILE, or a "
		    "pipe");
	return 0;
}

static int
export_run(struct invocation *inv)
{
	struct exporting e = { .inv = inv,
		.path = inv->option[OPTION_OUTPUT],
		.resume = inv->option[OPTION_RESUME] != NULL };
	struct ouro_export_options options = { .size = sizeof options };
	struct ouro_vault *vault = NULL;
	struct ouro_target target;
	int code;

	if (e.path != NULL && strcmp(e.path, "-") == 0)
		e.path = NULL;
	code = usage_check(&e);
	if (code == 0)
		code = session_open(inv, SESSION_READ, &vault);
	if (code == 0)
		code = scope_take(inv, vault, &target, &options);
	if (code == 0)
		code = file_open(&e);
	if (code == 0) {
		code = stream(&e, vault, &options);
		if (e.path != NULL)
			close(e.fd);
	}
	ouro_vault_close(vault);
	return code;
}

const struct command export_command = {
	.name = "export",
	.synopsis = "[-o FILE [--resume]] [--name NAME | HASH]",
	.summary = "write the vault, or a part, as one stream",
	.page =
	    "Writes the whole vault as it is at this moment, with its history, to FILE or\n"
	    "to standard output; with --name a name with its history; with HASH that\n"
	    "content, what is below it, and their versions. Others may write meanwhile.\n"
	    "The stream is encrypted: only a member of the vault can read it, with his key\n"
	    "file or a recovery key. 'ouroboros import' takes it in.\n"
	    "\n"
	    "FILE must not be there. When the export is interrupted, --resume goes on with\n"
	    "what FILE has; the same part has to be named.\n"
	    "\n"
	    "With --json and -o the answer is {file, kept, versions, contents, pages,\n"
	    "chunks, bytes}: what was written now, behind the kept bytes of FILE.",
	.options = OPTION_BIT(OPTION_OUTPUT) | OPTION_BIT(OPTION_NAME) |
	    OPTION_BIT(OPTION_RESUME),
	.operands_max = 1,
	.run = export_run,
};
