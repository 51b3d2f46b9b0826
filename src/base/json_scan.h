/*
 * json_scan - the inside of json: the check of a whole text.
 */
#ifndef BASE_JSON_SCAN_H
#define BASE_JSON_SCAN_H

#include "base/bytes.h"

struct json_fault {
	size_t offset;	  /* of the first byte that cannot be right */
	const char *what; /* static; a phrase before "at offset" */
};

/* True, and the span of the text's value; or false, and what is wrong. */
bool json_scan(struct bytes text, struct bytes *value,
    struct json_fault *fault);

#endif
