/*
 * delta_sort - a stable radix sort of entries by key.
 *
 * Keys are taken eight bytes at a time. Those with the same eight are sorted
 * by the eight that follow, and so on; what all keys of such a group have in
 * common is skipped. No order of arrival and no choice of keys makes it slow.
 */
#include "engine/delta_parts.h"

#include <stdlib.h>

#include "base/error.h"

#define WORD   8u
#define DIGITS (WORD + 1) /* its bytes, and how many of them are key */
#define SMALL  24u	  /* groups up to here are sorted by inserting */

struct item {
	uint64_t word;	/* bytes of the key at the group's depth, or zeros */
	uint32_t rest;	/* how many of the word's bytes are of the key */
	uint32_t entry; /* index */
};

struct sorting {
	const struct delta_entry **entries; /* in the order of arrival */
	struct item *items, *scratch;
};

static struct bytes
item_key(const struct sorting *sorting, size_t i)
{
	return delta_key(sorting->entries[sorting->items[i].entry]);
}

static void
insertion_sort(const struct sorting *sorting, size_t begin, size_t end)
{
	struct item *items = sorting->items;

	for (size_t i = begin + 1; i < end; i++) {
		struct item item = items[i];
		struct bytes key = item_key(sorting, i);
		size_t to = i;

		while (to > begin &&
		    bytes_compare(item_key(sorting, to - 1), key) > 0) {
			items[to] = items[to - 1];
			to--;
		}
		items[to] = item;
	}
}

/* The bytes, at least depth, that all keys of the group have in common. */
static size_t
group_common(const struct sorting *sorting, size_t begin, size_t end,
    size_t depth)
{
	struct bytes first = item_key(sorting, begin);
	size_t common = first.size;

	for (size_t i = begin + 1; i < end && common > depth; i++) {
		struct bytes key = item_key(sorting, i);
		size_t same = depth;

		if (key.size < common)
			common = key.size;
		while (same < common && key.data[same] == first.data[same])
			same++;
		common = same;
	}
	return common;
}

/* Every key of the group has at least depth bytes. */
static void
words_load(const struct sorting *sorting, size_t begin, size_t end,
    size_t depth)
{
	for (size_t i = begin; i < end; i++) {
		struct bytes key = item_key(sorting, i);
		size_t rest = key.size - depth;
		uint8_t word[WORD] = { 0 };

		if (rest > WORD)
			rest = WORD;
		memcpy(word, key.data + depth, rest);
		sorting->items[i].word = get_u64be(word);
		sorting->items[i].rest = (uint32_t)rest;
	}
}

/* Of two keys that end in the same word the shorter is first: the count of
 * bytes is the least digit, below the last byte. */
static unsigned
digit_of(const struct item *item, unsigned digit)
{
	return digit == 0 ? item->rest
			  : (unsigned)(item->word >> 8 * (digit - 1)) & 0xff;
}

/* Stable: by one digit, from one array into the other. */
static void
digit_sort(const struct item *from, struct item *to, size_t count,
    const uint32_t counts[256], unsigned digit)
{
	uint32_t next[256], sum = 0;

	for (unsigned i = 0; i < 256; i++) {
		next[i] = sum;
		sum += counts[i];
	}
	for (size_t i = 0; i < count; i++)
		to[next[digit_of(&from[i], digit)]++] = from[i];
}

static void
words_sort(const struct sorting *sorting, size_t begin, size_t count)
{
	uint32_t counts[DIGITS][256] = { 0 };
	struct item *from = &sorting->items[begin];
	struct item *to = &sorting->scratch[begin], *swap;

	for (size_t i = 0; i < count; i++)
		for (unsigned digit = 0; digit < DIGITS; digit++)
			counts[digit][digit_of(&from[i], digit)]++;
	for (unsigned digit = 0; digit < DIGITS; digit++) {
		if (counts[digit][digit_of(from, digit)] == count)
			continue;
		digit_sort(from, to, count, counts[digit], digit);
		swap = from;
		from = to;
		to = swap;
	}
	if (from != &sorting->items[begin])
		memcpy(to, from, count * sizeof *to);
}

/* Sorts a group whose keys begin with the same `depth` bytes. A group within
 * it is smaller or deeper by at least a word, so the keys bound the depth. */
static void
group_sort(const struct sorting *sorting, size_t begin, size_t end,
    size_t depth)
{
	const struct item *items = sorting->items;
	size_t next;

	if (end - begin <= SMALL) {
		insertion_sort(sorting, begin, end);
		return;
	}
	depth = group_common(sorting, begin, end, depth);
	words_load(sorting, begin, end, depth);
	words_sort(sorting, begin, end - begin);
	for (; begin < end; begin = next) {
		for (next = begin + 1; next < end &&
		     items[next].word == items[begin].word &&
		     items[next].rest == items[begin].rest;)
			next++;
		if (next - begin > 1 && items[begin].rest == WORD)
			group_sort(sorting, begin, next, depth + WORD);
	}
}

enum ouro_status
delta_sort(const struct delta_entry **entries, size_t count,
    struct ouro_error *err)
{
	struct sorting sorting;
	size_t size = count * sizeof *sorting.items;
	uint8_t *memory = malloc(2 * size + count * sizeof *entries);

	if (memory == NULL)
		return error_memory(err);
	sorting.items = (void *)memory;
	sorting.scratch = (void *)(memory + size);
	sorting.entries = (void *)(memory + 2 * size);
	memcpy(sorting.entries, entries, count * sizeof *entries);
	for (size_t i = 0; i < count; i++)
		sorting.items[i].entry = (uint32_t)i;
	group_sort(&sorting, 0, count, 0);
	for (size_t i = 0; i < count; i++)
		entries[i] = sorting.entries[sorting.items[i].entry];
	free(memory);
	return OURO_OK;
}
