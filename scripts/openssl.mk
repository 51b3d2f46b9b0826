# Where OpenSSL >= 3.5 comes from: OPENSSL_PREFIX= when given, else the system
# when it is new enough, else the cached build that scripts/deps makes.
# OPENSSL_FOUND is empty when there is none yet.
OPENSSL_CACHE ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/ouroborosdb/openssl
ifneq ($(OPENSSL_PREFIX),)
OPENSSL_CFLAGS := -isystem $(OPENSSL_PREFIX)/include
OPENSSL_LIBS   := $(firstword $(wildcard $(OPENSSL_PREFIX)/lib/libcrypto.a $(OPENSSL_PREFIX)/lib64/libcrypto.a) -L$(OPENSSL_PREFIX)/lib -lcrypto)
OPENSSL_FOUND  := $(wildcard $(OPENSSL_PREFIX)/include/openssl/evp.h)
else ifeq ($(shell pkg-config --atleast-version=3.5 libcrypto 2>/dev/null && echo yes),yes)
OPENSSL_CFLAGS := $(shell pkg-config --cflags libcrypto)
OPENSSL_LIBS   := $(shell pkg-config --libs libcrypto)
OPENSSL_FOUND  := yes
else
OPENSSL_CFLAGS := -isystem $(OPENSSL_CACHE)/include
OPENSSL_LIBS   := $(OPENSSL_CACHE)/lib/libcrypto.a
OPENSSL_FOUND  := $(wildcard $(OPENSSL_LIBS))
endif
