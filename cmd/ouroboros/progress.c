#include "progress.h"

#include <stdatomic.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "signals.h"
#include "text.h"

#define BAR_COLUMNS 24
#define DELAY_MS    500 /* short work shows none */
#define INTERVAL_MS 100

static struct {
	bool active;
	atomic_bool shown; /* cleared by threads of the library too */
	const char *verb;
	uint64_t done, total;
	uint64_t started_ms, drawn_ms;
} bar;

static uint64_t
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

bool
progress_wanted(const struct invocation *inv)
{
	return !inv->quiet && isatty(STDERR_FILENO) == 1;
}

void
progress_start(const struct invocation *inv, const char *verb, uint64_t total)
{
	bar.active = progress_wanted(inv);
	bar.shown = false;
	bar.verb = verb;
	bar.done = 0;
	bar.total = total;
	bar.started_ms = bar.drawn_ms = now_ms();
}

/* "0:42", "1:02:03" */
static void
draw_time_left(uint64_t seconds)
{
	unsigned hours = (unsigned)(seconds / 3600);
	unsigned minutes = (unsigned)(seconds / 60 % 60);

	if (hours > 99)
		return;
	if (hours > 0)
		fprintf(stderr, "  %u:%02u:%02u left", hours, minutes,
		    (unsigned)(seconds % 60));
	else
		fprintf(stderr, "  %u:%02u left", minutes,
		    (unsigned)(seconds % 60));
}

static void
draw(uint64_t now)
{
	char done[TEXT_SIZE_SIZE], total[TEXT_SIZE_SIZE], rate[TEXT_SIZE_SIZE];
	double elapsed = (double)(now - bar.started_ms) / 1000;
	double speed = elapsed > 0 ? (double)bar.done / elapsed : 0;
	uint64_t of = bar.total > bar.done ? bar.total : bar.done;

	fprintf(stderr, "\r\033[K%s ", bar.verb);
	text_size(bar.done, done);
	text_size((uint64_t)speed, rate);
	if (bar.total > 0) {
		unsigned filled = (unsigned)((double)bar.done / (double)of *
		    BAR_COLUMNS);

		putc('[', stderr);
		for (unsigned i = 0; i < BAR_COLUMNS; i++)
			putc(i < filled ? '#' : '.', stderr);
		fprintf(stderr, "] %s of %s  %s/s", done, text_size(of, total),
		    rate);
		if (speed > 0)
			draw_time_left(
			    (uint64_t)((double)(of - bar.done) / speed));
	} else {
		fprintf(stderr, "%s  %s/s", done, rate);
	}
	fflush(stderr);
	bar.shown = true;
	bar.drawn_ms = now;
}

static void
update(void)
{
	uint64_t now;

	if (!bar.active)
		return;
	now = now_ms();
	if (now - bar.started_ms >= DELAY_MS &&
	    now - bar.drawn_ms >= INTERVAL_MS)
		draw(now);
}

void
progress_add(uint64_t bytes)
{
	bar.done += bytes;
	update();
}

void
progress_clear(void)
{
	if (atomic_exchange(&bar.shown, false))
		fputs("\r\033[K", stderr);
}

void
progress_stop(void)
{
	progress_clear();
	bar.active = false;
}

bool
progress_report(void *context, uint64_t done, uint64_t total)
{
	(void)context;
	bar.done = done;
	bar.total = total;
	update();
	return signals_caught() == 0;
}
