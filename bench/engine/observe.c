#include "observe.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define LOOK_SECONDS 0.1
#define WAIT_SECONDS 180
#define BUSY_SHARE   0.02

double
observe_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

void
observe_sleep(double seconds)
{
	struct timespec pause = { .tv_sec = (time_t)seconds };

	pause.tv_nsec = (long)((seconds - (double)pause.tv_sec) * 1e9);
	nanosleep(&pause, NULL);
}

/* The number after a name in a file of /proc/self. */
static uint64_t
number_of(const char *path, const char *name)
{
	char text[4096];
	const char *line;
	ssize_t got;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return 0;
	got = read(fd, text, sizeof text - 1);
	close(fd);
	text[got > 0 ? got : 0] = '\0';
	line = strstr(text, name);
	return line == NULL ? 0 : strtoull(line + strlen(name), NULL, 10);
}

uint64_t
observe_anonymous(void)
{
	return number_of("/proc/self/status", "\nRssAnon:") * 1024;
}

uint64_t
observe_disk(const char *dir)
{
	char path[4096];
	struct dirent *entry;
	struct stat about;
	uint64_t bytes = 0;
	DIR *all = opendir(dir);

	while (all != NULL && (entry = readdir(all)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof path, "%s/%s", dir, entry->d_name);
		if (lstat(path, &about) != 0)
			continue;
		bytes += (uint64_t)about.st_blocks * 512;
		if (S_ISDIR(about.st_mode))
			bytes += observe_disk(path);
	}
	if (all != NULL)
		closedir(all);
	return bytes;
}

/* ---- quiet ------------------------------------------------------------------ */

struct busy {
	double cpu;
	uint64_t written;
};

static struct busy
busy_now(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return (struct busy){
		.cpu = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
		    (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) /
			1e6,
		.written = number_of("/proc/self/io", "\nwchar:") +
		    number_of("/proc/self/io", "\nwrite_bytes:"),
	};
}

double
observe_quiet(double quiet_seconds)
{
	double began = observe_seconds(), quiet = 0;
	struct busy last = busy_now();

	while (quiet < quiet_seconds) {
		struct busy now;
		bool is_quiet;

		observe_sleep(LOOK_SECONDS);
		now = busy_now();
		is_quiet = now.written == last.written &&
		    now.cpu - last.cpu < LOOK_SECONDS * BUSY_SHARE;
		quiet = is_quiet ? quiet + LOOK_SECONDS : 0;
		last = now;
		if (observe_seconds() - began > WAIT_SECONDS) {
			fputs("bench-engine: still not quiet\n", stderr);
			break;
		}
	}
	return observe_seconds() - began;
}
