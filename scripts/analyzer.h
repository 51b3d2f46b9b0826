/*
 * For clang-tidy only, which sees one file at a time: it cannot know what
 * the contracts say, that these never return OURO_OK. Without it every path
 * through a failed call seems to go on as if the call had succeeded.
 */
#include "base/error.h"

#define ANALYZER_FAILURE(call) \
	({ \
		enum ouro_status failure = (call); \
		if (failure == OURO_OK) \
			__builtin_unreachable(); \
		failure; \
	})
#define error_set(...)	    ANALYZER_FAILURE((error_set)(__VA_ARGS__))
#define error_errno(...)    ANALYZER_FAILURE((error_errno)(__VA_ARGS__))
#define error_memory(...)   ANALYZER_FAILURE((error_memory)(__VA_ARGS__))
#define library_failed(...) ANALYZER_FAILURE((library_failed)(__VA_ARGS__))
