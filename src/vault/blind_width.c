#include "vault/blind_width.h"

#include <stdlib.h>

#include "base/error.h"

/* How often first byte + index was n in a lane. */
struct histogram {
	uint64_t seen[UINT8_MAX + SLICES_MAX][LANES_MAX];
};

static unsigned
copy_sum(const struct blind_group *group, size_t at)
{
	return (unsigned)group->key[HASH_SIZE] + group->copies[at].index;
}

static bool
explains(unsigned lanes, unsigned sum, unsigned lane)
{
	return lanes > 0 && sum % lanes == lane;
}

static void
votes_count(struct blind_width *width, const struct histogram *histogram)
{
	for (unsigned sum = 0; sum < UINT8_MAX + SLICES_MAX; sum++)
		for (unsigned lane = 0; lane < LANES_MAX; lane++)
			for (unsigned n = lane + 1;
			     histogram->seen[sum][lane] > 0 && n <= LANES_MAX;
			     n++)
				if (explains(n, sum, lane))
					width
					    ->votes[n] += histogram
							      ->seen[sum][lane];
}

enum ouro_status
blind_width_learn(struct blind_width *width, const struct blind_lanes *lanes,
    struct ouro_error *err)
{
	struct histogram *histogram = calloc(1, sizeof(*histogram));
	struct blind_group *group = malloc(sizeof(*group));
	struct blind_scan scan = { .count = 0 };
	enum ouro_status status;

	*width = (struct blind_width){ .votes = { 0 } };
	if (histogram == NULL || group == NULL) {
		free(group);
		free(histogram);
		return error_memory(err);
	}
	status = blind_scan_init(&scan, lanes, err);
	while (status == OURO_OK) {
		status = blind_scan_next(&scan, group, err);
		for (size_t i = 0; status == OURO_OK && i < group->count; i++)
			histogram
			    ->seen[copy_sum(group, i)][group->copies[i].lane]++;
	}
	blind_scan_release(&scan);
	if (status == OURO_END) {
		votes_count(width, histogram);
		status = OURO_OK;
	}
	free(group);
	free(histogram);
	return status;
}

unsigned
blind_width_of(const struct blind_width *width, const struct blind_group *group,
    unsigned k)
{
	unsigned best = k;
	size_t best_own = 0;

	for (unsigned n = k; n <= LANES_MAX; n++) {
		size_t own = 0;

		for (size_t i = 0; i < group->count; i++)
			own += explains(n, copy_sum(group, i),
			    group->copies[i].lane);
		if (own > best_own ||
		    (own == best_own && width->votes[n] > width->votes[best])) {
			best = n;
			best_own = own;
		}
	}
	return best;
}
