#include "measure.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SAMPLE_NS (4 * 1000 * 1000)

static double
now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* RssAnon: what malloc and stacks take, without mapped files. */
static uint64_t
anonymous_now(pid_t pid)
{
	char path[64], text[4096];
	const char *line;
	size_t got;
	FILE *file;

	snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
	file = fopen(path, "re");
	if (file == NULL)
		return 0;
	got = fread(text, 1, sizeof text - 1, file);
	fclose(file);
	text[got] = '\0';
	line = strstr(text, "\nRssAnon:");
	return line == NULL ? 0 : strtoull(line + 9, NULL, 10) * 1024;
}

static double
seconds_of(struct timeval time)
{
	return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

bool
measure(char *const argv[], struct measured *out)
{
	const struct timespec pause = { .tv_nsec = SAMPLE_NS };
	double start = now();
	struct rusage usage;
	int status;
	pid_t child = fork(), ended;

	*out = (struct measured){ 0 };
	if (child < 0)
		return false;
	if (child == 0) {
		execvp(argv[0], argv);
		fprintf(stderr, "bench: %s: %s\n", argv[0], strerror(errno));
		_exit(127);
	}
	while ((ended = wait4(child, &status, WNOHANG, &usage)) == 0) {
		uint64_t anonymous = anonymous_now(child);

		if (anonymous > out->anonymous)
			out->anonymous = anonymous;
		nanosleep(&pause, NULL);
	}
	out->seconds = now() - start;
	if (ended < 0)
		return false;
	out->cpu_seconds = seconds_of(usage.ru_utime) +
	    seconds_of(usage.ru_stime);
	out->written = (uint64_t)usage.ru_oublock * 512;
	out->code = WIFEXITED(status) ? WEXITSTATUS(status)
				      : 128 + WTERMSIG(status);
	return out->code != 127;
}
